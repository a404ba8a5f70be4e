import { execFileSync } from 'node:child_process';

export interface ServerVersion {
  readonly kind: 'redis' | 'valkey';
  /** `8.0.6` */
  readonly version: string;
  /** `redis-8.0`: for titles of tests. */
  readonly name: string;
}

/** Redis and Valkey have functions since this major version. */
export const FIRST_WITH_FUNCTIONS = 7;

/** What a binary says it is; undefined where it is no server, or cannot run on this system. */
export function readVersion(path: string): ServerVersion | undefined {
  let said: string;
  try {
    said = execFileSync(path, ['--version'], {
      encoding: 'utf8',
      timeout: 10_000,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  } catch {
    return undefined;
  }
  // "Redis server v=7.0.15 sha=…", "Valkey server v=9.1.2 sha=…"
  const [, product, version, line] = /(Redis|Valkey) server v=((\d+\.\d+)\.\d+)/.exec(said) ?? [];
  if (!product || !version) return undefined;
  const kind = product === 'Valkey' ? 'valkey' : 'redis';
  return { kind, version, name: `${kind}-${line}` };
}

export function hasFunctions({ version }: ServerVersion): boolean {
  return Number.parseInt(version, 10) >= FIRST_WITH_FUNCTIONS;
}

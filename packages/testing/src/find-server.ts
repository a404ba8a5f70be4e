import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { ServerNotFoundError } from './errors.js';

/** A server binary and what to call it. */
export interface ServerBinary {
  /** For titles of tests: the name of the fetched server, or of the binary. */
  readonly name: string;
  readonly path: string;
}

const PROGRAMS = ['redis-server', 'valkey-server'];

/**
 * The binary to start: REDIS_FUNCTIONS_SERVER, else redis-server, else valkey-server from the PATH.
 *
 * @throws ServerNotFoundError with one sentence per system on how to get one.
 */
export function findServer(env: NodeJS.ProcessEnv = process.env): string {
  const named = env['REDIS_FUNCTIONS_SERVER'];
  if (named) {
    if (isExecutable(named)) return named;
    throw new ServerNotFoundError(`REDIS_FUNCTIONS_SERVER names ${named}, which cannot be run`);
  }
  const found = findOnPath(env);
  if (found === undefined) throw new ServerNotFoundError('REDIS_FUNCTIONS_SERVER and PATH');
  return found;
}

export function findOnPath(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return PROGRAMS.flatMap((program) => folders.map((folder) => join(folder, program))).find(isExecutable);
}

/** Every server that the test command found (REDIS_FUNCTIONS_SERVERS, a JSON object), else the one of `findServer`. */
export function availableServers(env: NodeJS.ProcessEnv = process.env): ServerBinary[] {
  const listed = env['REDIS_FUNCTIONS_SERVERS'];
  if (!listed) return [{ name: 'server', path: findServer(env) }];
  return Object.entries(JSON.parse(listed) as Record<string, string>).map(([name, path]) => ({ name, path }));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

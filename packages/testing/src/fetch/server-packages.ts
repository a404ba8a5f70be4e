/** Where Debian has a server. */
export interface ServerPackages {
  /** The last one has the server, those before it what it needs. */
  readonly suites: readonly string[];
  /** `redis` comes as redis-server and redis-tools, `valkey` likewise. */
  readonly product: 'redis' | 'valkey';
}

/** The servers that can be fetched from Debian, oldest first. Its development suite moves on: the last one will go there. */
export const SERVERS = {
  'redis-7.0': { suites: ['bookworm'], product: 'redis' },
  'redis-8.0': { suites: ['trixie'], product: 'redis' },
  'valkey-8.0': { suites: ['bookworm', 'bookworm-backports'], product: 'valkey' },
  'valkey-8.1': { suites: ['trixie'], product: 'valkey' },
  'valkey-9.1': { suites: ['sid'], product: 'valkey' },
} as const satisfies Readonly<Record<string, ServerPackages>>;

/** `distribution`: what this Debian or Ubuntu release has itself. */
export type ServerName = keyof typeof SERVERS | 'distribution';

/** The servers of the test matrix. */
export const SERVER_NAMES = Object.keys(SERVERS) as readonly (keyof typeof SERVERS)[];

/** Where Debian has a server, and what it needs beside it. */
export interface ServerPackages {
  readonly suite: string;
  readonly program: 'redis-server' | 'valkey-server';
  readonly packages: readonly string[];
}

/** Libraries that a server of another release needs from there, the C library included. */
const OF_ANOTHER_RELEASE = [
  'libc6',
  'libgcc-s1',
  'libstdc++6',
  'libatomic1',
  'libjemalloc2',
  'liblzf1',
  'libssl3t64',
  'libsystemd0',
  'libcap2',
  'libzstd1',
  'zlib1g',
];
const OF_BOOKWORM = ['libatomic1', 'libjemalloc2', 'liblzf1', 'libssl3', 'libsystemd0'];

const redis = (suite: string, libraries: readonly string[]): ServerPackages => ({
  suite,
  program: 'redis-server',
  packages: ['redis-server', 'redis-tools', ...libraries],
});
const valkey = (suite: string, libraries: readonly string[]): ServerPackages => ({
  suite,
  program: 'valkey-server',
  packages: ['valkey-server', 'valkey-tools', ...libraries],
});

/** The servers that can be fetched, oldest first. Debian's development suite moves: its versions are those of today. */
export const SERVERS = {
  'redis-7.0': redis('bookworm', OF_BOOKWORM),
  'redis-8.0': redis('trixie', OF_ANOTHER_RELEASE),
  'valkey-8.1': valkey('trixie', OF_ANOTHER_RELEASE),
  'valkey-9.1': valkey('sid', OF_ANOTHER_RELEASE),
} as const satisfies Readonly<Record<string, ServerPackages>>;

export type ServerName = keyof typeof SERVERS;

export const SERVER_NAMES = Object.keys(SERVERS) as readonly ServerName[];

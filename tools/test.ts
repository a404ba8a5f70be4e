// npm test: every spec of every project, on every server that is here. Arguments go to jest.
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { availableServers, fetchServer, type ServerBinary, ServerNotFoundError } from '@redis-functions/testing';
import { CACHE } from './server-cache.js';

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

/** Where this machine has none, the one of its distribution, which needs no root. */
async function serversToTestOn(): Promise<ServerBinary[]> {
  try {
    return availableServers();
  } catch (error) {
    const isNamed = process.env['REDIS_FUNCTIONS_SERVER'] || process.env['REDIS_FUNCTIONS_SERVERS'];
    if (!(error instanceof ServerNotFoundError) || isNamed) throw error;
  }
  console.log('No redis-server or valkey-server from version 7 on is here: unpacking the one of this distribution.');
  await fetchServer('distribution', CACHE);
  return availableServers();
}

const servers = await serversToTestOn().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
});
console.log(`Servers: ${servers.map(({ name, path }) => `${name} (${path})`).join(', ')}`);

// results of an earlier run must not stand for this one
rmSync(path('../.cache/test-results.json'), { force: true });
const { status } = spawnSync(
  process.execPath,
  [
    path('./jest.js'),
    '--reporters=default',
    `--reporters=${path('./results-reporter.js')}`,
    // after the reporters, which would take a pattern that follows them for another one
    '--maxWorkers=2',
    ...process.argv.slice(2),
  ],
  {
    stdio: 'inherit',
    cwd: path('..'),
    env: {
      ...process.env,
      // the one that somebody named stays what specs start by default
      REDIS_FUNCTIONS_SERVER: process.env['REDIS_FUNCTIONS_SERVER'] || servers[0]?.path,
      REDIS_FUNCTIONS_SERVERS: JSON.stringify(Object.fromEntries(servers.map(({ name, path }) => [name, path]))),
    },
  },
);
process.exit(status ?? 1);

// npm test: every spec of every project, on every server that is here. Arguments go to jest.
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { fetchServer } from '@redis-functions/testing';
import { CACHE, knownServers } from './server-cache.js';

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

let servers = knownServers(process.env);
if (servers.length === 0) {
  console.log('No redis-server or valkey-server on the PATH: fetching one from the packages of the distribution.');
  try {
    await fetchServer('redis-7.0', CACHE);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  }
  servers = knownServers(process.env);
}
console.log(`Servers: ${servers.map(({ name, path }) => `${name} (${path})`).join(', ')}`);

mkdirSync(path('../.cache'), { recursive: true });
const { status } = spawnSync(
  process.execPath,
  [
    path('./jest.js'),
    '--maxWorkers=2',
    '--json',
    `--outputFile=${path('../.cache/test-results.json')}`,
    ...process.argv.slice(2),
  ],
  {
    stdio: ['inherit', 'ignore', 'inherit'],
    cwd: path('..'),
    env: {
      ...process.env,
      REDIS_FUNCTIONS_SERVER: servers[0]?.path,
      REDIS_FUNCTIONS_SERVERS: JSON.stringify(Object.fromEntries(servers.map(({ name, path }) => [name, path]))),
    },
  },
);
process.exit(status ?? 1);

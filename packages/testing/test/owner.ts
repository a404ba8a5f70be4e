// A process that starts servers, for owner.spec.ts: says what it started, then ends as it is told.
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRedis, startReplicated } from '@redis-functions/testing';
import { processes } from './processes.js';

const [how, folder = ''] = process.argv.slice(2);
// not in the environment from the start: tsx would keep its cache there, and be slow every time
process.env['TMPDIR'] = join(folder, 'tmp');
const say = (what: object) => process.stdout.write(`${JSON.stringify(what)}\n`);

/** The fork that writes the file. */
function childrenOf(of: number): number[] {
  return processes().flatMap(({ pid, parent }) => (parent === of ? [pid] : []));
}

if (how === 'fails to start') {
  await startRedis({ args: ['--no-such-option', 'x'] }).catch(() => {});
  say({ pids: [], folders: readdirSync(tmpdir()) });
} else {
  const [redis, kept, replicated] = await Promise.all([
    startRedis({ args: ['--enable-debug-command', 'yes'] }),
    startRedis({ directory: join(folder, 'kept') }),
    startReplicated(),
  ]);
  if (how === 'is killed while a server saves') {
    await redis.command('DEBUG', 'POPULATE', '10000');
    await redis.command('CONFIG', 'SET', 'rdb-key-save-delay', '10000');
    await redis.command('BGSAVE');
  }
  const pids = [redis, kept, ...replicated.nodes].map(({ pid }) => pid);
  say({ pids: [...pids, ...childrenOf(redis.pid)], folders: readdirSync(tmpdir()) });
  // where it forgets them, nothing but its servers could keep it alive
  if (how !== 'forgets them') setInterval(() => {}, 1_000);
}

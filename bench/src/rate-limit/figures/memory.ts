import type { Demand } from '../../harness/demands.js';
import { repeat } from '../../harness/rounds.js';
import { printTable } from '../../harness/tables.js';
import type { Context } from '../context.js';
import { type Limiter, toAddresses, toContestant } from '../limiters/limiter.js';
import { ours } from '../limiters/ours.js';
import { openAll, using } from '../race.js';

const CLIENTS = 10_000;

/** A unit takes 600 ms to come back, a whole number of ms; or it does not. */
const WHOLE_MS = { limit: 100, windowMs: 60_000 };
const BROKEN_MS = { limit: 70, windowMs: 60_000 };

/** What Redis keeps about a client. */
export async function memory(context: Context): Promise<Demand[]> {
  const { url } = context.server;
  const sizes = await using(openAll({ url, ...WHOLE_MS }), async ([limiter, ...peers]) => [
    await sizeOf(context, limiter, `${limiter.name}, 100 per minute`),
    await using(
      ours({ url, ...BROKEN_MS }).then((limiter) => [limiter] as const),
      ([limiter]) => sizeOf(context, limiter, `${limiter.name}, 70 per minute`),
    ),
    ...(await inTurn(peers, (peer) => sizeOf(context, peer, peer.name))),
  ]);
  printTable(
    'Memory per client in Redis, bytes',
    ['', 'keys', 'MEMORY USAGE of a client’s keys', 'of used_memory, 10,000 clients'],
    sizes.map(({ name, keys, bytes, share }) => [name, String(keys), String(bytes), share.toFixed(0)]),
  );
  const own = sizes.slice(0, 2);
  return [
    {
      figure: 'memory per key in Redis',
      of: 'ours, token bucket',
      value: Math.max(...own.map(({ bytes }) => bytes)),
      must: 'at most',
      bound: 100,
      unit: 'B',
    },
  ];
}

async function sizeOf({ server }: Context, limiter: Limiter, name: string) {
  await server.command('FLUSHALL', 'SYNC');
  const [address = ''] = toAddresses(1);
  const before = await usedMemory(server);
  await repeat(toContestant(limiter, toAddresses(CLIENTS)), CLIENTS, 1);
  const share = ((await usedMemory(server)) - before) / CLIENTS;
  await server.command('FLUSHALL', 'SYNC');
  await limiter.consume(limiter.toKey?.(address) ?? address);
  const keys = (await server.command('KEYS', '*')) as string[];
  if (keys.length === 0) throw new Error(`${name} keeps nothing in Redis.`);
  const sizes = await inTurn(keys, async (key) => Number(await server.command('MEMORY', 'USAGE', key)));
  return { name, keys: keys.length, bytes: sizes.reduce((sum, size) => sum + size, 0), share };
}

async function usedMemory(server: Context['server']): Promise<number> {
  const info = String(await server.command('INFO', 'memory'));
  return Number(/^used_memory:(\d+)/m.exec(info)?.[1]);
}

async function inTurn<Item, Result>(items: readonly Item[], work: (item: Item) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = [];
  for (const item of items) results.push(await work(item));
  return results;
}

import type { Demand } from '../../harness/demands.js';
import { printTable } from '../../harness/tables.js';
import { type Context, ODD, USUAL } from '../context.js';
import { type Limiter, toAddresses } from '../limiters/limiter.js';
import { ours } from '../limiters/ours.js';
import { openAll, using } from '../race.js';

/** What Redis keeps about a client. */
export async function memory(context: Context): Promise<Demand[]> {
  const { url } = context.server;
  const sizes = await using(openAll({ url, ...USUAL }), async ([limiter, ...peers]) => [
    await sizeOf(context, limiter, `${limiter.name}, ${USUAL.limit} per minute`),
    await using(
      ours({ url, ...ODD }).then((limiter) => [limiter] as const),
      ([limiter]) => sizeOf(context, limiter, `${limiter.name}, ${ODD.limit} per minute`),
    ),
    ...(await inTurn(peers, (peer) => sizeOf(context, peer, peer.name))),
  ]);
  printTable(
    'Memory per client in Redis, bytes',
    ['', 'keys', 'MEMORY USAGE of all of them'],
    sizes.map(({ name, keys, bytes }) => [name, String(keys), String(bytes)]),
  );
  return sizes.slice(0, 2).map(({ name, bytes }) => ({
    figure: 'memory per key in Redis, token bucket',
    of: name,
    value: bytes,
    must: 'at most',
    bound: 100,
    unit: 'B',
  }));
}

async function sizeOf({ server }: Context, limiter: Limiter, name: string) {
  await server.command('FLUSHALL', 'SYNC');
  const [address = ''] = toAddresses(1);
  await limiter.consume(limiter.toKey?.(address) ?? address);
  const keys = (await server.command('KEYS', '*')) as string[];
  if (keys.length === 0) throw new Error(`${name} keeps nothing in Redis.`);
  const sizes = await inTurn(keys, async (key) => Number(await server.command('MEMORY', 'USAGE', key)));
  return { name, keys: keys.length, bytes: sizes.reduce((sum, size) => sum + size, 0) };
}

async function inTurn<Item, Result>(items: readonly Item[], work: (item: Item) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = [];
  for (const item of items) results.push(await work(item));
  return results;
}

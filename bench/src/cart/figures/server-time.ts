import type { RedisServer } from '@redis-functions/testing';
import type { Context } from '../../harness/benchmark.js';
import type { Demand } from '../../harness/demands.js';
import { median } from '../../harness/rounds.js';
import { printTable } from '../../harness/tables.js';
import { skuOf, withShop } from '../shop.js';

const ROUNDS = 7;
const ADDS = 1_000;
const COMMITS = 50;
const LINES = 50;

/** What the server spends on an add that reserves, on its own and in one turn with others, and on a large commit. */
export async function serverTime({ server }: Context): Promise<Demand[]> {
  const limits = { perLine: 1e9, perSku: 1e9, perCart: 1e9, heldUnits: 1e9 };
  const timeOfAdds = (adds: (add: (n: number) => Promise<unknown>) => Promise<unknown>) =>
    withShop(server.url, 100, { stock: 'reserve-on-add', limits }, ({ carts }) =>
      medianOf(
        server,
        ADDS,
        async (round) => () => adds((n) => carts.add(`r${round} ${n % 100}`, { sku: skuOf(n % 97), quantity: 1 })),
      ),
    );
  const all = Array.from({ length: ADDS }, (_, n) => n);
  const togetherUs = await timeOfAdds((add) => Promise.all(all.map(add)));
  await server.command('FLUSHALL', 'SYNC');
  const aloneUs = await timeOfAdds(async (add) => {
    for (const n of all) await add(n);
  });
  await server.command('FLUSHALL', 'SYNC');
  const commitUs = await withShop(server.url, LINES, { stock: 'reserve-on-checkout', limits }, ({ carts }) =>
    medianOf(server, COMMITS, async (round) => {
      const lines = Array.from({ length: LINES }, (_, n) => ({ sku: skuOf(n), quantity: 1 }));
      const checkouts = await Promise.all(
        Array.from({ length: COMMITS }, async (_, n) => {
          const cart = `r${round} ${n}`;
          await carts.addMany(cart, lines);
          return { cart, checkout: await carts.beginCheckout(cart) };
        }),
      );
      return () =>
        Promise.all(
          checkouts.map(({ cart, checkout }) =>
            carts.commit({ checkoutId: checkout.checkoutId, orderId: `order of ${cart}` }),
          ),
        );
    }),
  );
  printTable(
    'Server time, µs',
    ['', 'median'],
    [
      ['an add that reserves, of 1,000 in one turn of the event loop', togetherUs.toFixed(1)],
      ['an add that reserves, alone', aloneUs.toFixed(1)],
      [`a commit of ${LINES} lines`, commitUs.toFixed(1)],
    ],
  );
  return [
    ...[
      { of: 'in one turn with others', value: togetherUs },
      { of: 'alone', value: aloneUs },
    ].map((one) => ({
      figure: 'server time of a reserving add',
      ...one,
      must: 'at most' as const,
      bound: 30,
      unit: 'µs',
    })),
    {
      figure: `server time of a commit`,
      of: `${LINES} lines`,
      value: commitUs / 1_000,
      must: 'at most',
      bound: 0.5,
      unit: 'ms',
    },
  ];
}

/** µs per operation, of the work that each round prepares. */
async function medianOf(
  server: RedisServer,
  operations: number,
  prepare: (round: number) => Promise<() => Promise<unknown>>,
): Promise<number> {
  const rounds: number[] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const work = await prepare(round);
    await server.command('CONFIG', 'RESETSTAT');
    await work();
    const stats = String(await server.command('INFO', 'commandstats'));
    const us = Number(/cmdstat_fcall:calls=\d+,usec=(\d+)/.exec(stats)?.[1]);
    // the first round warms up
    if (round > 0) rounds.push(us / operations);
  }
  return median(rounds);
}

import { createClient } from 'redis';
import { CONDITIONS, type Context } from '../../harness/benchmark.js';
import type { Demand } from '../../harness/demands.js';
import { compare, printRates, type Rate } from '../../harness/rounds.js';
import { skuOf, withShop } from '../shop.js';

const OURS = 'carts.get()';

/** Carts of 10 and of 100 lines with their prices of now. */
export async function reads({ server }: Context): Promise<Demand[]> {
  const demands: Demand[] = [];
  for (const lines of [10, 100]) {
    await server.command('FLUSHALL', 'SYNC');
    const [ours, each] = (await measure(server.url, lines)) as [Rate, Rate, Rate];
    if (lines < 100) continue;
    demands.push({
      figure: `get of ${lines} lines`,
      of: `ours : ${each.name}`,
      value: ours.perSecond / each.perSecond,
      must: 'at least',
      bound: 5,
    });
  }
  return demands;
}

async function measure(url: string, lines: number): Promise<Rate[]> {
  const client = await createClient({ url, commandOptions: { timeout: 0 } }).connect();
  try {
    return await withShop(url, lines, { stock: 'none' }, async ({ carts }) => {
      const skus = Array.from({ length: lines }, (_, n) => skuOf(n));
      await carts.addMany(
        'ada',
        skus.map((sku) => ({ sku, quantity: 2 })),
      );
      await client.hSet('demo:cart', Object.fromEntries(skus.map((sku) => [sku, '2'])));
      await client.hSet('demo:prices', Object.fromEntries(skus.map((sku, n) => [sku, String(100 + n)])));
      const total = (quantities: readonly string[], prices: readonly (string | null)[]) =>
        quantities.reduce((sum, quantity, i) => sum + Number(quantity) * Number(prices[i]), 0);
      const rates = await compare(
        [
          { name: OURS, run: () => carts.get('ada') },
          {
            name: 'HGETALL, then HGET of each price',
            run: async () => {
              const cart = await client.hGetAll('demo:cart');
              const prices: (string | null)[] = [];
              for (const sku of Object.keys(cart)) prices.push(await client.hGet('demo:prices', sku));
              return total(Object.values(cart), prices);
            },
          },
          {
            name: 'HGETALL, then HGET of all prices at once',
            run: async () => {
              const cart = await client.hGetAll('demo:cart');
              const prices = await Promise.all(Object.keys(cart).map((sku) => client.hGet('demo:prices', sku)));
              return total(Object.values(cart), prices);
            },
          },
        ],
        CONDITIONS,
      );
      printRates(`Carts of ${lines} lines`, rates, OURS);
      return rates;
    });
  } finally {
    client.destroy();
  }
}

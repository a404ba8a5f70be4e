import { createClient } from 'redis';
import { CONDITIONS, type Context } from '../../harness/benchmark.js';
import type { Demand } from '../../harness/demands.js';
import { compare, printRates, type Rate } from '../../harness/rounds.js';
import { printTable, toCount } from '../../harness/tables.js';
import { skuOf, withShop } from '../shop.js';

const OURS = 'carts.add()';
const DEMO = 'GET, change the JSON, SET';
const CARTS = 20;

/** Units added to carts that several requests change at once, and how many of them are there afterwards. */
export async function adds({ server }: Context): Promise<Demand[]> {
  const { url } = server;
  const client = await createClient({ url, commandOptions: { timeout: 0 } }).connect();
  try {
    return await withShop(
      url,
      10,
      { stock: 'check', limits: { perLine: 1e9, perSku: 1e9, perCart: 1e9 } },
      async ({ carts }) => {
        const added = { ours: 0, demo: 0 };
        let n = 0;
        const next = () => ({ cart: `cart ${n++ % CARTS}`, sku: skuOf(n % 10) });
        const rates = await compare(
          [
            {
              name: OURS,
              run: async () => {
                const { cart, sku } = next();
                await carts.add(cart, { sku, quantity: 1 });
                added.ours += 1;
              },
            },
            {
              name: DEMO,
              run: async () => {
                const { cart, sku } = next();
                const lines = JSON.parse((await client.get(`demo:${cart}`)) ?? '{}') as Record<string, number>;
                lines[sku] = (lines[sku] ?? 0) + 1;
                await client.set(`demo:${cart}`, JSON.stringify(lines), { expiration: { type: 'EX', value: 86_400 } });
                added.demo += 1;
              },
            },
          ],
          CONDITIONS,
        );
        printRates(`Units added to ${CARTS} carts`, rates, OURS);
        const ids = Array.from({ length: CARTS }, (_, i) => `cart ${i}`);
        const ours = (await Promise.all(ids.map((id) => carts.count(id)))).reduce((sum, units) => sum + units, 0);
        const demo = (await Promise.all(ids.map((id) => client.get(`demo:${id}`))))
          .flatMap((text) => Object.values(JSON.parse(text ?? '{}') as Record<string, number>))
          .reduce((sum, units) => sum + units, 0);
        const row = (name: string, asked: number, there: number) => [
          name,
          toCount(asked),
          toCount(there),
          toCount(asked - there),
        ];
        printTable(
          'Units that are there',
          ['', 'added', 'there', 'lost'],
          [row(OURS, added.ours, ours), row(DEMO, added.demo, demo)],
        );
        const [own, other] = rates as [Rate, Rate];
        return [
          {
            figure: 'adds/s',
            of: `ours : ${DEMO}`,
            value: own.perSecond / other.perSecond,
            must: 'at least',
            bound: 1,
          },
          { figure: 'adds that are lost', of: 'ours', value: added.ours - ours, must: 'at most', bound: 0, unit: '' },
        ] satisfies Demand[];
      },
    );
  } finally {
    client.destroy();
  }
}

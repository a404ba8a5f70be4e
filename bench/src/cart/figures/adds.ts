import { createClient } from 'redis';
import { CONDITIONS, type Context } from '../../harness/benchmark.js';
import type { Demand } from '../../harness/demands.js';
import { compare, printRates } from '../../harness/rounds.js';
import { printTable, toCount } from '../../harness/tables.js';
import { skuOf, withShop } from '../shop.js';

const OURS = 'carts.add()';
const CARTS = 20;

/** Adds units until the time is over, and counts what it has added. */
interface Adder {
  readonly name: string;
  run(): Promise<void>;
  /** The units that are in all carts. */
  there(): Promise<number>;
  added: number;
}

/** Units added to carts that several requests change at once, and how many of them are there afterwards. */
export async function adds({ server }: Context): Promise<Demand[]> {
  const { url } = server;
  // as public demos make it, and the fastest that it can be
  const client = await connect(url);
  const bare = await connect(url, { timeout: 0 });
  const limits = { perLine: 1e9, perSku: 1e9, perCart: 1e9 };
  try {
    return await withShop(url, 10, { stock: 'check', limits }, async ({ carts }) => {
      const ours: Adder = {
        name: OURS,
        added: 0,
        run: async () => {
          const { cart, sku } = next();
          await carts.add(cart, { sku, quantity: 1 });
          ours.added += 1;
        },
        there: async () => sum(await Promise.all(CART_IDS.map((id) => carts.count(id)))),
      };
      const demo = demoOn(client, 'GET, change the JSON, SET');
      const fastest = demoOn(bare, "GET, change the JSON, SET, without node-redis' command timeout");
      const adders = [ours, demo, fastest];
      const rates = await compare(adders, CONDITIONS);
      printRates(`Units added to ${CARTS} carts`, rates, OURS);
      const there = await Promise.all(adders.map((adder) => adder.there()));
      const lost = adders.map(({ added }, i) => added - (there[i] ?? 0));
      const rows = adders.map(({ name, added }, i) => [name, ...[added, there[i] ?? 0, lost[i] ?? 0].map(toCount)]);
      printTable('Units that are there', ['', 'added', 'there', 'lost'], rows);
      const [own, ...others] = rates.map(({ perSecond }) => perSecond) as [number, number, number];
      return [
        ...[demo, fastest].map(({ name }, i) => ({
          figure: 'adds/s',
          of: `ours : ${name}`,
          value: own / (others[i] ?? Number.NaN),
          must: 'at least' as const,
          bound: 1,
        })),
        {
          figure: 'adds that are lost',
          of: 'ours',
          value: lost[0] ?? Number.NaN,
          must: 'at most',
          bound: 0,
          unit: '',
        },
      ];
    });
  } finally {
    client.destroy();
    bare.destroy();
  }
}

const CART_IDS = Array.from({ length: CARTS }, (_, i) => `cart ${i}`);

let n = 0;

function next(): { cart: string; sku: string } {
  n += 1;
  return { cart: `cart ${n % CARTS}`, sku: skuOf(n % 10) };
}

function connect(url: string, commandOptions = {}) {
  return createClient({ url, commandOptions }).connect();
}

function demoOn(client: Awaited<ReturnType<typeof connect>>, name: string): Adder {
  const keyOf = (cart: string) => `${name}: ${cart}`;
  const read = async (cart: string) => JSON.parse((await client.get(keyOf(cart))) ?? '{}') as Record<string, number>;
  const demo: Adder = {
    name,
    added: 0,
    run: async () => {
      const { cart, sku } = next();
      const lines = await read(cart);
      lines[sku] = (lines[sku] ?? 0) + 1;
      await client.set(keyOf(cart), JSON.stringify(lines), { expiration: { type: 'EX', value: 86_400 } });
      demo.added += 1;
    },
    there: async () => sum((await Promise.all(CART_IDS.map(read))).flatMap((lines) => Object.values(lines))),
  };
  return demo;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RedisFunctions } from '@redis-functions/core';
import fc from 'fast-check';
import type { RedisClientType } from 'redis';
import { CartError, CartService, InventoryService, type StockMode } from '../src/index.js';
import { connect, LAYOUTS, type Shop, startShop } from './shop.js';

const CONNECTIONS = 16;
const SKUS = ['apple', 'pear', 'plum', '__proto__', 'a}b'];
const CARTS = ['c', 'd', 'e', 'guest'];
const MODES: readonly StockMode[] = ['reserve-on-checkout', 'reserve-on-add'];

const sku = fc.constantFrom(...SKUS);
const cart = fc.constantFrom(...CARTS);
const units = fc.integer({ min: 1, max: 4 });
const metadata = fc.constantFrom(undefined, { size: 'L' }, { size: 'S', gift: true });
const opId = fc.option(fc.constantFrom('op 1', 'op 2', 'op 3'), { nil: undefined, freq: 4 });

/** One thing that somebody does. */
const step = fc.oneof(
  fc.record({ do: fc.constant('add' as const), cart, sku, units, metadata, opId, clamp: fc.boolean() }),
  fc.record({ do: fc.constant('addMany' as const), cart, skus: fc.array(sku, { minLength: 1, maxLength: 4 }), units }),
  fc.record({ do: fc.constant('set' as const), cart, sku, units: fc.integer({ min: 0, max: 4 }), metadata, opId }),
  fc.record({ do: fc.constant('increment' as const), cart, sku, by: fc.constantFrom(-3, -1, 1, 2), opId }),
  fc.record({ do: fc.constant('remove' as const), cart, sku, units: fc.option(units, { nil: undefined }), metadata }),
  fc.record({ do: fc.constant('clear' as const), cart, opId }),
  fc.record({ do: fc.constant('accept' as const), cart }),
  fc.record({
    do: fc.constant('merge' as const),
    cart,
    strategy: fc.constantFrom('sum', 'max', 'keep-source', 'keep-target'),
  }),
  fc.record({ do: fc.constant('begin' as const), cart, window: fc.constantFrom(1, 60_000, 60_000) }),
  fc.record({ do: fc.constant('commit' as const), refuse: fc.boolean() }),
  fc.record({ do: fc.constant('cancel' as const) }),
  fc.record({ do: fc.constant('receive' as const), sku, units }),
  fc.record({ do: fc.constant('adjust' as const), sku, by: fc.constantFrom(-2, -1, 1) }),
  fc.record({ do: fc.constant('price' as const), sku, units }),
  fc.record({ do: fc.constant('look' as const), cart }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

describe.each(LAYOUTS)('whatever is done, in the layout %s', (layout) => {
  let shop: Shop;
  let clients: RedisClientType[];

  beforeAll(async () => {
    shop = await startShop('functions', { layout });
    clients = await Promise.all(Array.from({ length: CONNECTIONS }, () => connect(shop.url)));
  });
  afterAll(async () => {
    await Promise.all((clients ?? []).map((client) => client.close()));
    await shop?.stop();
  });

  /** A shop, and a tally beside it of what was acknowledged. */
  async function open(stock: StockMode) {
    await shop.client.flushAll();
    const services = clients.map((client) => {
      const options = { ...shop.options, stock, functions: new RedisFunctions({ client, mode: 'functions' as const }) };
      return { carts: new CartService(options), inventory: new InventoryService(options) };
    });
    const received = new Map(SKUS.map((each) => [each, 20]));
    const sold = new Map(SKUS.map((each) => [each, 0]));
    for (const each of SKUS) await shop.inventory.setStock(each, 20);
    await shop.inventory.setPrices(new Map(SKUS.map((each, i) => [each, 100 + i])));
    const checkouts: { checkoutId: string; ordered: Map<string, number> }[] = [];
    let orders = 0;

    async function act(it: Step, i: number): Promise<void> {
      const { carts, inventory } = services[i % CONNECTIONS] as (typeof services)[number];
      switch (it.do) {
        case 'add': {
          const onShort = it.clamp ? 'clamp' : 'error';
          const line = { sku: it.sku, quantity: it.units, metadata: it.metadata };
          return void (await carts.add(it.cart, line, { opId: it.opId, onShort }));
        }
        case 'addMany':
          return void (await carts.addMany(
            it.cart,
            it.skus.map((each) => ({ sku: each, quantity: it.units })),
            { mode: it.units > 2 ? 'atomic' : 'partial' },
          ));
        case 'set':
          return void (await carts.setQuantity(it.cart, it, it.units, { opId: it.opId }));
        case 'increment':
          return void (await carts.increment(it.cart, { sku: it.sku }, it.by, { opId: it.opId }));
        case 'remove':
          return void (await carts.remove(it.cart, it, it.units));
        case 'clear':
          return void (await carts.clear(it.cart, { opId: it.opId }));
        case 'accept':
          return void (await carts.acceptPrices(it.cart));
        case 'merge':
          return it.cart === 'guest'
            ? undefined
            : void (await carts.merge('guest', it.cart, it as { strategy: 'sum' }));
        case 'begin': {
          const { checkoutId, lines } = await carts.beginCheckout(it.cart, { window: it.window });
          const ordered = new Map<string, number>();
          for (const line of lines) ordered.set(line.sku, (ordered.get(line.sku) ?? 0) + line.quantity);
          checkouts.push({ checkoutId, ordered });
          return;
        }
        case 'commit': {
          const checkout = checkouts.shift();
          if (!checkout) return;
          const order = { checkoutId: checkout.checkoutId, orderId: `order ${orders++}` };
          const onShortfall = it.refuse ? 'refuse' : 'report';
          // the payment's webhook comes twice
          const [one, two] = await Promise.all([
            carts.commit(order, { onShortfall }),
            carts.commit(order, { onShortfall }),
          ]);
          expect([one.status, two.status].sort()).toEqual(['already-committed', 'committed']);
          expect(two.shortfall).toEqual(one.shortfall);
          for (const [each, quantity] of checkout.ordered) {
            const missing = one.shortfall.find(({ sku }) => sku === each)?.quantity ?? 0;
            sold.set(each, (sold.get(each) ?? 0) + quantity - missing);
          }
          return;
        }
        case 'cancel': {
          const checkout = checkouts.shift();
          return checkout && void (await carts.cancel(checkout));
        }
        case 'receive':
          await inventory.receive(it.sku, it.units);
          received.set(it.sku, (received.get(it.sku) ?? 0) + it.units);
          return;
        case 'adjust':
          await inventory.adjust(it.sku, it.by);
          received.set(it.sku, (received.get(it.sku) ?? 0) + it.by);
          return;
        case 'price':
          return inventory.setPrices(new Map([[it.sku, it.units]]));
        case 'look':
          return void (await carts.get(it.cart));
      }
    }

    return {
      act: (it: Step, i: number) => act(it, i).catch(refusals),
      received,
      sold,
      carts: services[0]?.carts as CartService,
    };
  }

  /** A refusal is an answer; everything else is not. */
  function refusals(error: unknown): void {
    if (!(error instanceof CartError) || error.httpStatus >= 500 || error.httpStatus === 400) throw error;
  }

  async function check({ received, sold, carts }: Awaited<ReturnType<typeof open>>): Promise<void> {
    for (const each of SKUS) {
      const { onHand, held } = (await shop.inventory.level(each)) ?? { onHand: null, held: Number.NaN };
      const audit = await shop.inventory.audit(each);
      expect({ sku: each, onHand: (sold.get(each) ?? 0) + (onHand ?? Number.NaN) }).toEqual({
        sku: each,
        onHand: received.get(each),
      });
      expect(onHand).toBeGreaterThanOrEqual(0);
      expect(audit).toMatchObject({ sku: each, drift: 0, broken: 0 });
      expect(held).toBeGreaterThanOrEqual(0);
    }
    for (const each of CARTS) {
      const { lines, total, itemCount } = await carts.get(each);
      expect(total).toBe(lines.reduce((sum, line) => sum + (line.subtotal ?? Number.NaN), 0));
      expect(itemCount).toBe(lines.reduce((sum, line) => sum + line.quantity, 0));
      expect(await carts.count(each)).toBe(itemCount);
      for (const { quantity } of lines) expect(quantity).toBeGreaterThanOrEqual(1);
    }
    for (const key of await shop.client.keys('rf:{main*')) {
      const isRecord = /\}:(stock|holds|due|price:EUR)$/.test(key);
      expect({ key, lives: (await shop.client.pTTL(key)) > 0 }).toEqual({ key, lives: !isRecord });
    }
  }

  it.each(MODES)('by 16 at once, the sums are right afterwards (%s)', async (stock) => {
    const property = fc.asyncProperty(fc.array(step, { minLength: 200, maxLength: 200 }), async (steps) => {
      const run = await open(stock);
      const turns = Array.from({ length: CONNECTIONS }, async (_, i) => {
        for (let at = i; at < steps.length; at += CONNECTIONS) await run.act(steps[at] as Step, i);
      });
      await Promise.all(turns);
      await check(run);
    });
    await fc.assert(property, { numRuns: 4, endOnFailure: true });
  });

  it.each(MODES)('one after the other, the version rises with every change, and only then (%s)', async (stock) => {
    const property = fc.asyncProperty(fc.array(step, { minLength: 60, maxLength: 60 }), async (steps) => {
      const run = await open(stock);
      const read = () => Promise.all(CARTS.map((each) => run.carts.get(each)));
      const contents = ({ lines }: Awaited<ReturnType<typeof read>>[number]) =>
        JSON.stringify(lines.map(({ lineId, quantity, unitPriceAtAdd }) => [lineId, quantity, unitPriceAtAdd]));
      let before = await read();
      for (const [i, each] of steps.entries()) {
        await run.act(each, i);
        const after = await read();
        for (const [at, now] of after.entries()) {
          const was = before[at] ?? now;
          const hasChanged = contents(now) !== contents(was);
          // the source of a merge is gone
          const isGone = now.version === 0 && now.lines.length === 0;
          if (hasChanged && !isGone) expect(now.version).toBeGreaterThan(was.version);
          if (!hasChanged && !isGone) expect(now.version).toBe(was.version);
        }
        before = after;
      }
      await check(run);
    });
    await fc.assert(property, { numRuns: 3, endOnFailure: true });
  });
});

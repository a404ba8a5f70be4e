import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { RedisFunctions } from '@redis-functions/core';
import type { RedisClientType } from 'redis';
import { CartService, type CartServiceOptions, type LineChange, type StockMode } from '../src/index.js';
import { connect, outcomeOf, type Shop, startShop, unitsOf } from './shop.js';

const CONNECTIONS = 16;

const CASES = [
  { mode: 'functions', layout: 'shop-slot' },
  { mode: 'scripts', layout: 'shop-slot' },
  { mode: 'functions', layout: 'split' },
] as const;

describe.each(CASES)('parallel changes from 16 connections, $layout, the library run as $mode', ({ mode, layout }) => {
  let shop: Shop;
  let clients: RedisClientType[];

  beforeAll(async () => {
    shop = await startShop(mode, { layout, limits: { lines: 200 } });
    clients = await Promise.all(Array.from({ length: CONNECTIONS }, () => connect(shop.url)));
  });
  afterAll(async () => {
    await Promise.all((clients ?? []).map((client) => client.close()));
    await shop?.stop();
  });
  beforeEach(async () => {
    await shop.client.flushAll();
    await shop.inventory.setStock('apple', 1_000_000);
    await shop.inventory.setStock('rare', 100);
    await shop.inventory.setStock('last', 1);
    await shop.inventory.setPrices({ apple: 1, rare: 2, last: 3 });
  });

  /** Runs the work so many times, spread over the connections, all at once. */
  const atOnce = <T>(
    times: number,
    work: (carts: CartService, i: number) => Promise<T>,
    options: Partial<CartServiceOptions> = {},
  ) => {
    const services = clients.map(
      (client) => new CartService({ ...shop.options, ...options, functions: new RedisFunctions({ client, mode }) }),
    );
    return Promise.all(Array.from({ length: times }, (_, i) => work(services[i % CONNECTIONS] as CartService, i)));
  };
  const quantity = async (id: string, sku: string) => (await unitsOf(shop.carts, id))[sku] ?? 0;
  const count = (outcomes: readonly string[], code: string) => outcomes.filter((outcome) => outcome === code).length;

  it('800 adds of one unit are 800 units, each with a version of its own', async () => {
    const changes = await atOnce(800, (each) => each.add('c', { sku: 'apple', quantity: 1 }));
    expect(await quantity('c', 'apple')).toBe(800);
    expect(new Set(changes.map(({ version }) => version)).size).toBe(800);
    expect((await shop.carts.get('c')).version).toBe(Math.max(...changes.map(({ version }) => version)));
  });

  it.each(['reserve-on-checkout', 'reserve-on-add'] as const)(
    '100 buyers of the last unit: one has it (%s)',
    async (stock) => {
      const buy = async (each: CartService, i: number) => {
        await each.add(`buyer-${i}`, { sku: 'last', quantity: 1 });
        const { checkoutId } = await each.beginCheckout(`buyer-${i}`);
        expect(await each.commit({ checkoutId, orderId: `order-${i}` })).toMatchObject({ shortfall: [] });
      };
      const outcomes = await atOnce(100, (each, i) => outcomeOf(buy(each, i)), { stock });
      expect([count(outcomes, 'OK'), count(outcomes, 'OUT_OF_STOCK')]).toEqual([1, 99]);
      expect(await shop.inventory.level('last')).toMatchObject({ onHand: 0, held: 0 });
    },
  );

  it.each([
    ['reserve-on-add', 100, 100],
    ['reserve-on-checkout', 200, 100],
    ['check', 200, 200],
    ['none', 200, 200],
  ] as [StockMode, number, number][])(
    '200 carts want one of 100: with %s %i can add, and %i can pay',
    async (stock, adds, begins) => {
      const add = (each: CartService, i: number) => outcomeOf(each.add(`c-${i}`, { sku: 'rare', quantity: 1 }));
      const added = await atOnce(200, add, { stock });
      expect(count(added, 'OK')).toBe(adds);
      expect(count(added, 'OUT_OF_STOCK')).toBe(200 - adds);
      let shortfalls = 0;
      const pay = async (each: CartService, i: number) => {
        const { checkoutId } = await each.beginCheckout(`c-${i}`);
        const { shortfall } = await each.commit({ checkoutId, orderId: `o-${i}` });
        shortfalls += shortfall.length;
      };
      const paid = await atOnce(200, (each, i) => outcomeOf(pay(each, i)), { stock });
      // those who come when all is sold are told before they pay, where the stock is looked at
      if (stock === 'check') expect(count(paid, 'OK') + count(paid, 'OUT_OF_STOCK')).toBe(200);
      else expect(count(paid, 'OK')).toBe(begins);
      if (stock === 'check') expect(count(paid, 'OK') - shortfalls).toBe(100);
      else expect(shortfalls).toBe(0);
      expect((await shop.inventory.level('rare'))?.onHand).toBe(stock === 'none' ? 100 : 0);
    },
  );

  it('200 adds to one cart stop exactly at the stock, where each is held', async () => {
    const add = (each: CartService) => outcomeOf(each.add('c', { sku: 'rare', quantity: 1 }));
    const outcomes = await atOnce(200, add, { stock: 'reserve-on-add' });
    expect([count(outcomes, 'OK'), count(outcomes, 'OUT_OF_STOCK')]).toEqual([100, 100]);
    expect(await quantity('c', 'rare')).toBe(100);
    expect(await shop.inventory.audit('rare')).toMatchObject({ held: 100, drift: 0 });
  });

  it.each(['reserve-on-checkout', 'reserve-on-add'] as const)(
    'one operation id, asked for 32 times at once, is one add (%s)',
    async (stock) => {
      const add = (each: CartService) => each.add('c', { sku: 'rare', quantity: 60 }, { opId: 'click' });
      const changes = await atOnce(32, add, { stock });
      expect(changes.filter(({ replayed }) => !replayed)).toHaveLength(1);
      const told = ({ replayed: _, heldUntil: __, ...change }: LineChange) => JSON.stringify(change);
      expect(new Set(changes.map(told)).size).toBe(1);
      expect(await quantity('c', 'rare')).toBe(60);
      expect((await shop.inventory.audit('rare')).held).toBe(stock === 'reserve-on-add' ? 60 : 0);
      expect(await outcomeOf(shop.carts.add('c', { sku: 'rare', quantity: 61 }, { opId: 'click' }))).toBe(
        'IDEMPOTENCY_MISMATCH',
      );
    },
  );

  it('of those who change one version, one does', async () => {
    const { version } = await shop.carts.add('c', { sku: 'apple', quantity: 1 });
    const set = (each: CartService, i: number) =>
      outcomeOf(each.setQuantity('c', { sku: 'apple' }, i + 2, { ifVersion: version }));
    const outcomes = await atOnce(32, set);
    expect([count(outcomes, 'OK'), count(outcomes, 'VERSION_CONFLICT')]).toEqual([1, 31]);
  });

  it('adds and removals add up', async () => {
    await shop.carts.add('c', { sku: 'apple', quantity: 400 });
    await atOnce(400, (each, i) =>
      i % 2 === 0 ? each.add('c', { sku: 'apple', quantity: 3 }) : each.remove('c', { sku: 'apple' }, 1),
    );
    expect(await quantity('c', 'apple')).toBe(800);
  });

  it('one guest cart merged by everybody at once is merged once', async () => {
    await shop.carts.add('guest', { sku: 'apple', quantity: 7 });
    await atOnce(64, (each) => each.merge('guest', 'user'));
    expect(await quantity('user', 'apple')).toBe(7);
    expect(await quantity('guest', 'apple')).toBe(0);
  });

  it('adds to the guest and to the user during merges are all in the two carts', async () => {
    await atOnce(600, async (each, i) => {
      if (i % 6 === 0) await each.merge('guest', 'user');
      else await each.add(i % 2 === 0 ? 'guest' : 'user', { sku: 'apple', quantity: 1 });
    });
    expect((await quantity('guest', 'apple')) + (await quantity('user', 'apple'))).toBe(500);
  });

  it('nothing is lost between merges in both directions', async () => {
    await shop.carts.add('a', { sku: 'apple', quantity: 5 });
    await shop.carts.add('b', { sku: 'apple', quantity: 6 });
    await atOnce(100, (each, i) => (i % 2 === 0 ? each.merge('a', 'b') : each.merge('b', 'a')));
    expect((await quantity('a', 'apple')) + (await quantity('b', 'apple'))).toBe(11);
  });

  it('every line added beside clears is there, or was cleared and counted', async () => {
    const skus = Array.from({ length: 200 }, (_, i) => `sku-${i}`);
    await Promise.all(skus.map((sku) => shop.inventory.setStock(sku, 1)));
    const cleared = await atOnce(200, async (each, i) => {
      if (i % 10 === 0) return each.clear('c').then(({ lines }) => lines, refusedClear);
      await each.add('c', { sku: skus[i] as string, quantity: 1 });
      return 0;
    });
    const left = (await shop.carts.get('c')).lines.length;
    expect(cleared.reduce((sum, lines) => sum + lines, left)).toBe(180);
  });

  /** In the layout `split` a cart that never stands still is not cleared. */
  function refusedClear(error: unknown): number {
    expect(error).toMatchObject({ code: 'VERSION_CONFLICT' });
    expect(layout).toBe('split');
    return 0;
  }

  it('what is added beside a checkout survives it, and a read brings nothing back', async () => {
    await shop.carts.add('c', { sku: 'rare', quantity: 5 });
    const { checkoutId } = await shop.carts.beginCheckout('c');
    await atOnce(48, async (each, i) => {
      if (i === 7) await each.commit({ checkoutId, orderId: 'o' });
      else if (i % 3 === 0) await each.get('c');
      else if (i % 3 === 1) await each.touch('c');
      else await each.add('c', { sku: 'apple', quantity: 1 });
    });
    expect(await unitsOf(shop.carts, 'c')).toEqual({ apple: 16 });
    expect(await shop.inventory.level('rare')).toMatchObject({ onHand: 95, held: 0 });
  });
});

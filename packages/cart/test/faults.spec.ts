import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { RedisFunctions } from '@redis-functions/core';
import { type RedisReplicated, startReplicated } from '@redis-functions/testing';
import type { RedisClientType } from 'redis';
import { CartService, type CartServiceOptions, InventoryService } from '../src/index.js';
import { connect, LAYOUTS, MODES, outcomeOf, snapshot, unitsOf } from './shop.js';

const CASES = MODES.flatMap((mode) => LAYOUTS.map((layout) => ({ mode, layout })));

describe('what a server can do to those who buy', () => {
  let servers: RedisReplicated;
  let client: RedisClientType;

  beforeAll(async () => {
    servers = await startReplicated();
    client = await connect(servers.url);
  });
  afterAll(async () => {
    await client?.close();
    await servers?.stop();
  });
  beforeEach(async () => {
    await client.flushAll();
  });

  const open = async (more: Partial<CartServiceOptions>, mode: (typeof MODES)[number] = 'functions') => {
    const options = { functions: new RedisFunctions({ client, mode }), shop: 'main', currency: 'EUR', ...more };
    const [carts, inventory] = [new CartService(options), new InventoryService(options)];
    await inventory.setStock('apple', 1_000);
    await inventory.setPrices({ apple: 1 });
    return { carts, inventory, ...options };
  };
  const apple = (quantity: number) => ({ sku: 'apple', quantity });

  describe.each(LAYOUTS)('memory that is full, %s', (layout) => {
    const full = async (work: () => Promise<void>) => {
      await client.configSet('maxmemory', '1');
      await work().finally(() => client.configSet('maxmemory', '0'));
    };

    it('refuses what would grow, and nothing of it is done', async () => {
      const { carts, inventory } = await open({ layout, stock: 'reserve-on-add' });
      await carts.add('c', apple(2));
      await carts.add('guest', apple(1));
      await inventory.setPrices({ apple: 2 });
      const before = await snapshot(client);
      const calls = [
        () => carts.add('c', apple(1)),
        () => carts.add('c', apple(1), { opId: 'click' }),
        () => carts.addMany('c', [apple(1)]),
        () => carts.setQuantity('c', { sku: 'apple' }, 5),
        () => carts.increment('c', { sku: 'apple' }, 1),
        () => carts.merge('guest', 'c'),
        () => carts.acceptPrices('c'),
        () => carts.beginCheckout('c'),
        () => inventory.receive('apple', 5, { opId: 'delivery' }),
        () => inventory.adjust('apple', -5),
        () => inventory.setStock('apple', 5),
        () => inventory.setBackorder('apple', 5),
        () => inventory.setPrices({ apple: 5 }),
      ];
      await full(async () => {
        for (const call of calls) {
          await expect(call()).rejects.toMatchObject({ name: 'FunctionCallError', code: 'OOM' });
        }
      });
      const { [await noteOf()]: _, ...after } = await snapshot(client);
      expect(after).toEqual(before);
    });

    /** That a merge was asked for is noted before it begins, in the layout `split`. */
    const noteOf = async () => (await client.keys('rf:{main:j:*}:merges'))[0] ?? '';

    it.each(['reserve-on-checkout', 'reserve-on-add'] as const)('lets read, let go and be paid (%s)', async (stock) => {
      const { carts, inventory } = await open({ layout, stock, abandoned: { after: '1h' } });
      for (const cart of ['paid', 'left', 'less', 'none']) await carts.add(cart, apple(4));
      const [paid, left] = [await carts.beginCheckout('paid'), await carts.beginCheckout('left')];
      await full(async () => {
        expect(await carts.get('less')).toMatchObject({ total: 4, problems: [] });
        expect(await carts.count('less')).toBe(4);
        expect(await carts.touch('less')).toBe(true);
        expect(await carts.remove('less', { sku: 'apple' }, 1)).toMatchObject({ quantity: 3 });
        expect(await carts.increment('less', { sku: 'apple' }, -1, { opId: 'click' })).toMatchObject({ quantity: 2 });
        expect(await carts.clear('none')).toMatchObject({ lines: 1 });
        expect(await carts.cancel(left)).toMatchObject({ released: true });
        const order = { checkoutId: paid.checkoutId, orderId: 'o' };
        expect(await carts.commit(order)).toMatchObject({ status: 'committed', shortfall: [] });
        expect(await carts.commit(order)).toMatchObject({ status: 'already-committed' });
        await carts.reap();
        const held = stock === 'reserve-on-add' ? 2 + 4 : 0;
        expect(await inventory.level('apple')).toMatchObject({ onHand: 996, held });
        expect(await inventory.audit('apple', { repair: true })).toMatchObject({ held, drift: 0 });
        await inventory.drop(['apple']);
      });
    });
  });

  it.each(CASES)('code that is flushed while they buy is brought back, $layout, as $mode', async ({ mode, layout }) => {
    const { carts, inventory } = await open({ layout, stock: 'reserve-on-add' }, mode);
    let done = 0;
    // code is brought back once per call: the next flush waits until calls have got through again
    const flushNow = async () => {
      if (done++ % 25 === 0) await client.sendCommand([mode === 'functions' ? 'FUNCTION' : 'SCRIPT', 'FLUSH']);
    };
    const buy = async (_: unknown, i: number) => {
      for (let at = 0; at < 5; at++) {
        await carts.add(`c ${i % 3}`, apple(1), { opId: `${i} ${at}` });
        await flushNow();
      }
      await carts.add(`own ${i}`, apple(2));
      const { checkoutId } = await carts.beginCheckout(`own ${i}`);
      await flushNow();
      expect(await carts.commit({ checkoutId, orderId: `o ${i}` })).toMatchObject({ shortfall: [] });
    };
    await Promise.all(Array.from({ length: 16 }, buy));
    const counts = await Promise.all([0, 1, 2].map((i) => carts.count(`c ${i}`)));
    expect(counts.reduce((sum, units) => sum + units, 0)).toBe(16 * 5);
    expect(await inventory.level('apple')).toMatchObject({ onHand: 1_000 - 16 * 2, held: 16 * 5 });
    expect(await inventory.audit('apple')).toMatchObject({ drift: 0 });
  });

  it('a primary that has become a replica refuses by name, and what it said before is true of the new one', async () => {
    const writers = await Promise.all(LAYOUTS.map((layout) => open({ layout, shop: layout, stock: 'reserve-on-add' })));
    const acknowledged = LAYOUTS.map(() => 0);
    const write = async (at: number) => {
      for (;;) {
        await writers[at]?.carts.add('c', apple(1), { opId: `add ${acknowledged[at]}` });
        acknowledged[at] = (acknowledged[at] ?? 0) + 1;
      }
    };
    const ends = LAYOUTS.map((_, at) => write(at).catch((error) => error));
    while (Math.min(...acknowledged) < 10) await new Promise(setImmediate);
    const primary = await servers.failover();
    for (const end of ends) expect(await end).toMatchObject({ name: 'FunctionCallError', code: 'READONLY' });

    const next = await connect(primary.url);
    try {
      for (const [at, { carts: _, inventory: __, ...options }] of writers.entries()) {
        const functions = new RedisFunctions({ client: next });
        const [carts, inventory] = [
          new CartService({ ...options, functions }),
          new InventoryService({ ...options, functions }),
        ];
        expect(await unitsOf(carts, 'c')).toEqual({ apple: acknowledged[at] });
        // the one that was refused, again
        await carts.add('c', apple(1), { opId: `add ${acknowledged[at]}` });
        expect(await carts.count('c')).toBe((acknowledged[at] ?? 0) + 1);
        expect(await inventory.audit('apple')).toMatchObject({ drift: 0 });
        expect(await outcomeOf(carts.beginCheckout('c'))).toBe('OK');
      }
    } finally {
      await next.close();
    }
  });
});

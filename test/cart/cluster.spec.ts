import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { CartService, type CartServiceOptions, InventoryService } from '@redis-functions/cart';
import { InvalidArgumentError, type RedisClient, RedisFunctions } from '@redis-functions/core';
import { availableServers, type RedisCluster, startCluster } from '@redis-functions/testing';
import { Cluster as Cluster6 } from 'ioredis-6';
import { createCluster } from 'redis';
import { newest } from '../topologies/servers.js';

const SKUS = Array.from({ length: 12 }, (_, i) => `sku ${i}`);
const CARTS = Array.from({ length: 12 }, (_, i) => `cart {${i}} }`);

describe.each(newest(availableServers()))('carts on 3 primaries of $name', ({ path }) => {
  let cluster: RedisCluster;
  const ends: (() => unknown)[] = [];

  beforeAll(async () => {
    cluster = await startCluster({ server: path, primaries: 3, replicas: 0 });
  });
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
    for (const primary of await cluster.primaries()) await primary.command('FLUSHALL');
  });
  afterAll(() => cluster.stop());

  const clients: Readonly<Record<string, () => Promise<RedisClient>>> = {
    'node-redis': async () => {
      const client = createCluster({
        rootNodes: cluster.addresses.map(({ host, port }) => ({ url: `redis://${host}:${port}` })),
      });
      client.on('error', () => {});
      await client.connect();
      ends.push(() => client.destroy());
      return client as unknown as RedisClient;
    },
    ioredis: async () => {
      const client = new Cluster6([...cluster.addresses]);
      ends.push(() => client.disconnect());
      return client;
    },
  };

  async function open(name: string, more: Partial<CartServiceOptions>) {
    const functions = new RedisFunctions({ client: (await clients[name]?.()) as RedisClient, deadlineMs: 10_000 });
    ends.push(() => functions.close());
    const options = { functions, shop: 'main', currency: 'EUR', ...more };
    return { carts: new CartService(options), inventory: new InventoryService(options) };
  }

  async function allKeys(): Promise<{ key: string; node: number }[]> {
    const perPrimary = await Promise.all(
      (await cluster.primaries()).map(async (primary, node) =>
        ((await primary.command('KEYS', 'rf:{[am]*')) as string[]).map((key) => ({ key, node })),
      ),
    );
    return perPrimary.flat();
  }

  const cases = Object.keys(clients).flatMap((name) =>
    (['shop-slot', 'split'] as const).flatMap((layout) =>
      (['reserve-on-checkout', 'reserve-on-add'] as const).map((stock) => [name, layout, stock] as const),
    ),
  );

  it.each(cases)('do all that they do on one server: %s, %s, %s', async (name, layout, stock) => {
    const { carts, inventory } = await open(name, { layout, stock, abandoned: { after: 1 } });
    await Promise.all(SKUS.map((sku) => inventory.receive(sku, 20, { opId: 'delivery' })));
    await Promise.all(SKUS.map((sku) => inventory.receive(sku, 20, { opId: 'delivery' })));
    await inventory.setPrices(new Map(SKUS.map((sku, i) => [sku, i + 1])));
    await Promise.all(
      CARTS.map(async (cart, i) => {
        const [one = '', two = ''] = [SKUS[i], SKUS[(i + 1) % SKUS.length]];
        await carts.add(`guest ${cart}`, { sku: one, quantity: 2 }, { opId: 'click' });
        await carts.add(`guest ${cart}`, { sku: one, quantity: 2 }, { opId: 'click' });
        await carts.addMany(cart, [
          { sku: one, quantity: 1, metadata: { gift: true } },
          { sku: two, quantity: 3 },
        ]);
        expect(await carts.merge(`guest ${cart}`, cart)).toMatchObject({ lines: 1, adjustments: [] });
        await carts.increment(cart, { sku: two }, -1);
        const { total, version, problems } = await carts.get(cart);
        expect(problems).toEqual([]);
        const checkout = await carts.beginCheckout(cart, { expectedTotal: total ?? -1, ifVersion: version });
        expect(checkout.lines.reduce((sum, { quantity }) => sum + quantity, 0)).toBe(5);
        if (i % 3 === 0) expect(await carts.cancel(checkout)).toMatchObject({ released: true });
        else expect(await carts.commit({ ...checkout, orderId: `order ${i}` })).toMatchObject({ shortfall: [] });
      }),
    );
    // a third of the carts kept their 5 units
    const levels = await inventory.levels(SKUS);
    const onHand = [...levels.values()].reduce((sum, level) => sum + (level.onHand ?? 0), 0);
    expect(onHand).toBe(12 * 20 - 8 * 5);
    const held = [...levels.values()].reduce((sum, level) => sum + level.held, 0);
    expect(held).toBe(stock === 'reserve-on-add' ? 4 * 5 : 0);
    for (const sku of SKUS) expect((await inventory.audit(sku)).drift).toBe(0);
    const many = await carts.getMany(CARTS);
    expect([...many.values()].map(({ itemCount }) => itemCount)).toEqual(CARTS.map((_, i) => (i % 3 === 0 ? 5 : 0)));
    expect((await carts.reap()).abandoned).toBe(4);
    const nodes = new Set((await allKeys()).map(({ node }) => node));
    expect(nodes.size).toBe(layout === 'split' ? 3 : 1);
  });

  it('keep shops apart whose names would move a hash tag: those are refused', async () => {
    for (const shop of ['a}b', '{a', 'a{b}', '}', '{}', 'a:c:x', 'a b', '']) {
      for (const layout of ['shop-slot', 'split'] as const) {
        await expect(open('node-redis', { shop, layout })).rejects.toBeInstanceOf(InvalidArgumentError);
      }
    }
    const [one, other] = [await open('node-redis', { shop: 'a' }), await open('node-redis', { shop: 'a.b' })];
    await one.inventory.setStock('mug', 1);
    expect(await other.inventory.level('mug')).toBeNull();
    const split = await open('node-redis', { shop: 'a', layout: 'split' });
    // ids may have braces: they are no part of the tag as such
    for (const id of ['}', '{b}', 'x}:cart:{y']) {
      await split.inventory.setStock(id, 2);
      await split.carts.add(id, { sku: id, quantity: 2 });
      expect(await split.carts.count(id)).toBe(2);
    }
    for (const { key } of await allKeys()) expect(key).toMatch(/^rf:\{(a|a:[sc]:[^{}]+)\}:[^{}]+$/);
  });

  // the last one: it leaves a primary more
  it('lose nothing and do nothing twice while their slots move to a primary that has no functions', async () => {
    const shops = await Promise.all([
      open('node-redis', { layout: 'shop-slot', stock: 'reserve-on-add' }),
      open('node-redis', { layout: 'split', stock: 'reserve-on-add', shop: 'a' }),
    ]);
    const buyers = [0, 1, 2, 3].flatMap((i) => shops.map((shop) => ({ ...shop, cart: `c${i}`, sku: `s${i}` })));
    const tally = buyers.map(() => ({ inCart: 0, sold: 0, rounds: 0 }));
    for (const { inventory, sku } of buyers) {
      await inventory.setStock(sku, 100_000);
      await inventory.setPrices({ [sku]: 1 });
    }
    let isOver = false;
    const buying = buyers.map(async ({ carts, cart, sku }, at) => {
      const mine = tally[at] as (typeof tally)[number];
      for (; !isOver; mine.rounds += 1) {
        for (let unit = 0; unit < 3; unit++) {
          await carts.add(cart, { sku, quantity: 1 }, { opId: `${mine.rounds} ${unit}` });
          mine.inCart += 1;
        }
        if (mine.rounds % 2 === 0) continue;
        const { checkoutId } = await carts.beginCheckout(cart);
        await carts.commit({ checkoutId, orderId: `${cart} ${mine.rounds}` });
        mine.sold += mine.inCart;
        mine.inCart = 0;
      }
    });
    const failed = Promise.race(buying.map((each) => each.then(() => new Promise<never>(() => {}))));
    const further = async (rounds: number) => {
      const from = Math.min(...tally.map((each) => each.rounds));
      while (Math.min(...tally.map((each) => each.rounds)) < from + rounds) await new Promise(setImmediate);
    };
    const move = async () => {
      const fresh = await cluster.addPrimary({ withFunctions: false });
      // node-redis finds no primary that has no slot at all
      await cluster.reshard({ to: fresh, slots: 1 });
      await further(2);
      for (const key of ['rf:{main}:stock', 'rf:{a:s:s0}:stock', 'rf:{a:s:s1}:stock', 'rf:{a:c:c0}:cart:c0']) {
        const moving = await cluster.beginMove(await cluster.slotOf(key), fresh);
        // some keys here and some there: calls on both wait
        await moving.move(key);
        await moving.finish();
      }
      await further(4);
    };
    await Promise.race([move(), failed]).finally(() => {
      isOver = true;
    });
    await Promise.all(buying);
    for (const [at, { carts, inventory, cart, sku }] of buyers.entries()) {
      const { inCart, sold } = tally[at] as (typeof tally)[number];
      expect(await carts.count(cart)).toBe(inCart);
      expect(await inventory.level(sku)).toMatchObject({ onHand: 100_000 - sold, held: inCart });
      expect(await inventory.audit(sku)).toMatchObject({ drift: 0, broken: 0 });
    }
  }, 60_000);
});

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { RedisFunctions } from '@redis-functions/core';
import type { RedisClientType } from 'redis';
import { CartError, CartService } from '../src/index.js';
import { connect, MODES, type Shop, startShop } from './shop.js';

const CONNECTIONS = 16;

describe.each(MODES)('parallel changes from 16 connections, the library run as %s', (mode) => {
  let shop: Shop;
  let clients: RedisClientType[];
  let carts: CartService[];

  beforeAll(async () => {
    shop = await startShop(mode);
    clients = await Promise.all(Array.from({ length: CONNECTIONS }, () => connect(shop.url)));
    carts = clients.map(
      (client) =>
        new CartService({ ...shop.options, limits: { lines: 200 }, functions: new RedisFunctions({ client, mode }) }),
    );
  });
  afterAll(async () => {
    await Promise.all((clients ?? []).map((client) => client.close()));
    await shop?.stop();
  });
  beforeEach(async () => {
    await shop.client.flushAll();
    await shop.inventory.setStock('apple', 1_000_000);
    await shop.inventory.setStock('rare', 100);
  });

  /** Runs the work so many times, spread over the connections, all at once. */
  const atOnce = <T>(times: number, work: (carts: CartService, i: number) => Promise<T>) =>
    Promise.all(Array.from({ length: times }, (_, i) => work(carts[i % CONNECTIONS] as CartService, i)));
  const quantity = async (id: string, sku: string) =>
    (await shop.carts.get(id)).lines.find((line) => line.sku === sku)?.quantity ?? 0;

  it('800 adds of one unit are 800 units', async () => {
    await atOnce(800, (each) => each.add('c', { sku: 'apple', quantity: 1 }));
    expect(await quantity('c', 'apple')).toBe(800);
  });

  it('200 adds to one cart stop exactly at the stock', async () => {
    const outcomes = await atOnce(200, (each) =>
      each.add('c', { sku: 'rare', quantity: 1 }).then(
        () => 'OK',
        (error: CartError) => error.code,
      ),
    );
    expect(outcomes.filter((outcome) => outcome === 'OK')).toHaveLength(100);
    expect(outcomes.filter((outcome) => outcome === 'OUT_OF_STOCK')).toHaveLength(100);
    expect(await quantity('c', 'rare')).toBe(100);
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
    const results = await atOnce(64, (each) => each.merge('guest', 'user'));
    expect(results.filter(({ lines }) => lines === 1)).toHaveLength(1);
    expect(await quantity('user', 'apple')).toBe(7);
  });

  it('nothing is lost between merges in both directions', async () => {
    await shop.carts.add('a', { sku: 'apple', quantity: 5 });
    await shop.carts.add('b', { sku: 'apple', quantity: 6 });
    await atOnce(100, (each, i) => (i % 2 === 0 ? each.merge('a', 'b') : each.merge('b', 'a')));
    expect([await quantity('a', 'apple'), await quantity('b', 'apple')].sort()).toEqual([0, 11]);
  });

  it('adds to the guest and to the user during merges are all in the two carts', async () => {
    await atOnce(600, async (each, i) => {
      if (i % 6 === 0) await each.merge('guest', 'user');
      else await each.add(i % 2 === 0 ? 'guest' : 'user', { sku: 'apple', quantity: 1 });
    });
    expect((await quantity('guest', 'apple')) + (await quantity('user', 'apple'))).toBe(500);
    expect(await shop.client.pTTL('rf:{main}:cart:user')).toBeGreaterThan(0);
  });

  it('every line added beside clears is there, or was cleared and counted', async () => {
    const skus = Array.from({ length: 200 }, (_, i) => `sku-${i}`);
    await shop.client.hSet('rf:{main}:stock', Object.fromEntries(skus.map((sku) => [sku, 1])));
    const cleared = await atOnce(200, async (each, i) => {
      if (i % 10 === 0) return (await each.clear('c')).lines;
      await each.add('c', { sku: skus[i] as string, quantity: 1 });
      return 0;
    });
    const left = (await shop.carts.get('c')).lines.length;
    expect(cleared.reduce((sum, lines) => sum + lines, left)).toBe(180);
  });
});

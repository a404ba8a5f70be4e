import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { MODES, type Shop, snapshot, startShop } from './shop.js';

describe.each(MODES)('merge, the library run as %s', (mode) => {
  let shop: Shop;

  beforeAll(async () => {
    shop = await startShop(mode);
  });
  afterAll(() => shop?.stop());
  beforeEach(async () => {
    await shop.client.flushAll();
    await shop.inventory.setStock('apple', 10);
    await shop.inventory.setStock('pear', 3);
  });

  const fill = async (id: string, lines: Record<string, number>) => {
    for (const [sku, quantity] of Object.entries(lines)) await shop.carts.add(id, { sku, quantity });
  };
  const quantities = async (id: string) =>
    Object.fromEntries((await shop.carts.get(id)).lines.map(({ sku, quantity }) => [sku, quantity]));

  it.each([
    ['sum', 6],
    ['max', 4],
    ['keep-target', 2],
    ['keep-source', 4],
  ] as const)('by %s decides products that both carts have, and keeps the others', async (strategy, apples) => {
    await fill('user', { apple: 2, pear: 1 });
    await shop.inventory.setStock('kiwi', 5);
    await fill('guest', { kiwi: 2, apple: 4 });
    expect(await shop.carts.merge('guest', 'user', { strategy })).toMatchObject({ lines: 2, adjustments: [] });
    expect(await quantities('user')).toEqual({ apple: apples, pear: 1, kiwi: 2 });
    expect(await shop.client.exists('rf:{main}:cart:guest')).toBe(0);
  });

  it('is done once, however often it is called', async () => {
    await fill('user', { apple: 2 });
    await fill('guest', { apple: 3 });
    expect(await shop.carts.merge('guest', 'user')).toMatchObject({ lines: 1, adjustments: [] });
    const before = await snapshot(shop.client);
    expect(await shop.carts.merge('guest', 'user')).toMatchObject({ lines: 0, adjustments: [] });
    expect(await snapshot(shop.client)).toEqual(before);
    expect(await quantities('user')).toEqual({ apple: 5 });
  });

  it('fits into the stock and says what did not fit', async () => {
    await fill('user', { apple: 7 });
    await fill('guest', { apple: 8, pear: 3 });
    await shop.inventory.setStock('pear', 0);
    expect(await shop.carts.merge('guest', 'user')).toMatchObject({
      lines: 2,
      adjustments: [
        { sku: 'apple', wanted: 15, quantity: 10, reason: 'stock' },
        { sku: 'pear', wanted: 3, quantity: 0, reason: 'stock' },
      ],
    });
    expect(await quantities('user')).toEqual({ apple: 10 });
  });

  it('fits into the limits, first come first served', async () => {
    const small = shop.cartsWith({ stock: 'none', limits: { perLine: 5, lines: 2 } });
    await small.add('user', { sku: 'a', quantity: 4 });
    const roomy = shop.cartsWith({ stock: 'none' });
    for (const sku of ['b', 'c', 'a']) await roomy.add('guest', { sku, quantity: 3 });
    expect((await small.merge('guest', 'user')).adjustments).toMatchObject([
      { sku: 'c', wanted: 3, quantity: 0, reason: 'lines' },
      { sku: 'a', wanted: 7, quantity: 5, reason: 'perLine' },
    ]);
    expect(await quantities('user')).toEqual({ a: 5, b: 3 });
  });

  it('names the stock where there is neither stock nor room', async () => {
    const small = shop.cartsWith({ limits: { lines: 1 } });
    await fill('guest', { pear: 2 });
    await fill('user', { apple: 1 });
    await shop.inventory.setStock('pear', 0);
    expect((await small.merge('guest', 'user')).adjustments).toMatchObject([
      { sku: 'pear', wanted: 2, quantity: 0, reason: 'stock' },
    ]);
  });

  it('takes nothing from the target, even where the stock has shrunk below it', async () => {
    await fill('user', { apple: 7 });
    await fill('guest', { apple: 1 });
    await shop.inventory.setStock('apple', 2);
    expect((await shop.carts.merge('guest', 'user')).adjustments).toMatchObject([
      { sku: 'apple', wanted: 8, quantity: 7, reason: 'stock' },
    ]);
    expect(await quantities('user')).toEqual({ apple: 7 });
  });

  it('keeps the order in which lines were added to either cart', async () => {
    await fill('guest', { pear: 1 });
    await fill('user', { apple: 1 });
    await shop.carts.merge('guest', 'user');
    expect((await shop.carts.get('user')).lines.map(({ sku }) => sku)).toEqual(['pear', 'apple']);
  });
});

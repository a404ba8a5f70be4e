import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { CartError } from '../src/index.js';
import { MODES, type Shop, snapshot, startShop, until } from './shop.js';

describe.each(MODES)('a shop, its library run as %s', (mode) => {
  let shop: Shop;
  const refusal = (promise: Promise<unknown>) =>
    promise.then(
      () => 'accepted',
      (error: unknown) => error,
    );

  beforeAll(async () => {
    shop = await startShop(mode);
  });
  afterAll(() => shop?.stop());
  beforeEach(async () => {
    await shop.client.flushAll();
    await shop.inventory.setStock('apple', 10);
    await shop.inventory.setStock('pear', 3);
    await shop.inventory.setStock('none-left', 0);
    await shop.inventory.setPrices({ apple: 199, pear: 250 });
  });

  it('adds, sets, removes and clears, and shows lines with the prices of now', async () => {
    const { carts, inventory } = shop;
    expect(await carts.get('c')).toMatchObject({ id: 'c', currency: 'EUR', lines: [], itemCount: 0, total: 0 });
    expect(await carts.add('c', { sku: 'pear', quantity: 1 })).toMatchObject({ sku: 'pear', quantity: 1 });
    expect(await carts.add('c', { sku: 'apple', quantity: 2 })).toMatchObject({ sku: 'apple', quantity: 2 });
    expect(await carts.add('c', { sku: 'apple', quantity: 2 })).toMatchObject({ sku: 'apple', quantity: 4 });
    expect(await carts.setQuantity('c', { sku: 'pear' }, 3)).toMatchObject({ sku: 'pear', quantity: 3 });
    expect(await carts.remove('c', { sku: 'apple' }, 1)).toMatchObject({ sku: 'apple', quantity: 3 });
    await inventory.setPrices({ apple: 100 });
    expect(await carts.get('c')).toMatchObject({
      id: 'c',
      currency: 'EUR',
      lines: [
        { sku: 'pear', quantity: 3, unitPrice: 250, subtotal: 750 },
        { sku: 'apple', quantity: 3, unitPrice: 100, subtotal: 300 },
      ],
      itemCount: 6,
      total: 1050,
    });
    expect(await carts.remove('c', { sku: 'apple' })).toMatchObject({ sku: 'apple', quantity: 0 });
    expect(await carts.setQuantity('c', { sku: 'no-such' }, 0)).toMatchObject({ sku: 'no-such', quantity: 0 });
    expect(await carts.clear('c')).toMatchObject({ lines: 1 });
    expect(await carts.clear('c')).toMatchObject({ lines: 0 });
    expect((await carts.get('c')).lines).toEqual([]);
  });

  it('shows a missing price as a line without one, and no total', async () => {
    await shop.inventory.setStock('unpriced', 5);
    await shop.carts.add('c', { sku: 'unpriced', quantity: 2 });
    await shop.carts.add('c', { sku: 'apple', quantity: 1 });
    expect(await shop.carts.get('c')).toMatchObject({
      lines: [
        { sku: 'unpriced', unitPrice: null, subtotal: null },
        { sku: 'apple', unitPrice: 199, subtotal: 199 },
      ],
      itemCount: 3,
      total: null,
    });
  });

  it.each([
    ['hardly more than the cart', 12],
    ['many more than the cart', 200],
  ])('reads the prices of a cart of twelve lines where the shop has %s', async (_, products) => {
    const { carts, inventory, client } = shop;
    const skus = Array.from({ length: 12 }, (_line, n) => `sku ${n}`);
    for (const sku of skus) await inventory.setStock(sku, 5);
    await inventory.setPrices(
      Object.fromEntries(Array.from({ length: products }, (_price, n) => [`sku ${n}`, 100 + n])),
    );
    await carts.addMany(
      'c',
      skus.map((sku) => ({ sku, quantity: 1 })),
    );
    const prices = (await carts.get('c')).lines.map(({ sku, unitPrice }) => [sku, unitPrice]);
    expect(prices).toEqual(skus.map((sku, n) => [sku, 100 + n]));
    const key = (await client.keys('*:price:EUR'))[0] as string;
    await client.hDel(key, 'sku 3');
    expect(await carts.get('c')).toMatchObject({ total: null, problems: [{ code: 'PRICE_MISSING', lineId: 'sku 3' }] });
    for (const wrong of ['', '01', '1.5', '1,2', '-1', '12345678901234567']) {
      await client.hSet(key, 'sku 3', wrong);
      expect(await refusal(carts.get('c'))).toMatchObject({ code: 'CORRUPT_DATA', details: { key } });
    }
    await client.set(key, 'text');
    expect(await refusal(carts.get('c'))).toMatchObject({ code: 'CORRUPT_DATA', details: { key } });
  });

  it('refuses what the stock does not cover, and says how much there is', async () => {
    await shop.carts.add('c', { sku: 'apple', quantity: 8 });
    const before = await snapshot(shop.client);
    const error = await refusal(shop.carts.add('c', { sku: 'apple', quantity: 5 }));
    expect(error).toBeInstanceOf(CartError);
    expect(error).toMatchObject({
      name: 'CartError',
      code: 'OUT_OF_STOCK',
      httpStatus: 409,
      retryable: false,
      details: { code: 'OUT_OF_STOCK', sku: 'apple', requested: 5, available: 10, inCart: 8 },
      message: '5 of "apple" asked for, 8 in the cart, 10 in stock. The cart can hold 10 at most.',
    });
    if (!(error instanceof CartError && error.is('OUT_OF_STOCK'))) throw new Error('not narrowed');
    const available: number = error.details.available;
    expect(available).toBe(10);
    expect(error.is('UNKNOWN_SKU')).toBe(false);
    await expect(shop.carts.setQuantity('c', { sku: 'apple' }, 11)).rejects.toMatchObject({ code: 'OUT_OF_STOCK' });
    await expect(shop.carts.add('c', { sku: 'none-left', quantity: 1 })).rejects.toMatchObject({
      details: { code: 'OUT_OF_STOCK', available: 0, inCart: 0 },
    });
    expect(await snapshot(shop.client)).toEqual(before);
  });

  it('refuses a product without a level by another name than one that is sold out', async () => {
    const unknown = { code: 'UNKNOWN_SKU', httpStatus: 404, details: { sku: 'no-such' } };
    await expect(shop.carts.add('c', { sku: 'no-such', quantity: 1 })).rejects.toMatchObject(unknown);
    await expect(shop.carts.setQuantity('c', { sku: 'no-such' }, 1)).rejects.toMatchObject(unknown);
  });

  it('does not look at the stock where it is told so', async () => {
    const carts = shop.cartsWith({ stock: 'none' });
    expect(await carts.add('c', { sku: 'no-such', quantity: 500 })).toMatchObject({ sku: 'no-such', quantity: 500 });
    expect(await carts.add('c', { sku: 'none-left', quantity: 5 })).toMatchObject({ sku: 'none-left', quantity: 5 });
  });

  it('takes nothing from the stock when it checks: two carts can hold the same last units', async () => {
    const both = ['a', 'b'].map((id) => shop.carts.add(id, { sku: 'pear', quantity: 3 }));
    expect(await Promise.all(both)).toMatchObject([
      { sku: 'pear', quantity: 3 },
      { sku: 'pear', quantity: 3 },
    ]);
    expect((await shop.inventory.levels(['pear'])).get('pear')).toMatchObject({ onHand: 3, available: 3 });
  });

  it('keeps limits of units per line and of lines', async () => {
    const carts = shop.cartsWith({ stock: 'none', limits: { perLine: 4, lines: 2 } });
    const over = (limit: string, max: number, requested: number) => ({
      code: 'LIMIT_EXCEEDED',
      httpStatus: 422,
      details: { code: 'LIMIT_EXCEEDED', limit, max, requested },
    });
    await carts.add('c', { sku: 'a', quantity: 4 });
    await expect(carts.add('c', { sku: 'a', quantity: 1 })).rejects.toMatchObject(over('perLine', 4, 5));
    await expect(carts.setQuantity('c', { sku: 'a' }, 9)).rejects.toMatchObject(over('perLine', 4, 9));
    await expect(carts.add('c', { sku: 'b', quantity: 2 ** 53 - 1 })).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
    await carts.add('c', { sku: 'b', quantity: 4 });
    await expect(carts.add('c', { sku: 'c', quantity: 2 })).rejects.toMatchObject(over('lines', 2, 3));
    await carts.remove('c', { sku: 'a' });
    expect(await carts.add('c', { sku: 'c', quantity: 1 })).toMatchObject({ sku: 'c', quantity: 1 });
    const roomy = shop.cartsWith({ stock: 'none' });
    await expect(roomy.add('d', { sku: 'a', quantity: 10_001 })).rejects.toMatchObject(over('perLine', 10_000, 10_001));
  });

  it('refuses a total that JavaScript cannot hold, and shows the largest that it can', async () => {
    await shop.inventory.setPrices({ apple: Number.MAX_SAFE_INTEGER, pear: 1 });
    await shop.carts.add('c', { sku: 'apple', quantity: 1 });
    expect((await shop.carts.get('c')).total).toBe(Number.MAX_SAFE_INTEGER);
    await shop.carts.add('c', { sku: 'pear', quantity: 1 });
    await expect(shop.carts.get('c')).rejects.toMatchObject({ code: 'AMOUNT_OVERFLOW', httpStatus: 422 });
  });

  it('names the key that holds something else, and changes nothing', async () => {
    await shop.client.set('rf:{main}:cart:c', 'x');
    await shop.carts.add('d', { sku: 'apple', quantity: 1 });
    await shop.client.hSet('rf:{main}:price:EUR', 'apple', '19.99');
    const before = await snapshot(shop.client);
    const corrupt = (key: string) => ({
      code: 'CORRUPT_DATA',
      httpStatus: 500,
      details: { code: 'CORRUPT_DATA', key },
      cause: { code: 'CORRUPT_DATA' },
    });
    const cart = corrupt('rf:{main}:cart:c');
    await expect(shop.carts.add('c', { sku: 'apple', quantity: 1 })).rejects.toMatchObject(cart);
    await expect(shop.carts.setQuantity('c', { sku: 'apple' }, 1)).rejects.toMatchObject(cart);
    await expect(shop.carts.setQuantity('c', { sku: 'apple' }, 0)).rejects.toMatchObject(cart);
    await expect(shop.carts.remove('c', { sku: 'apple' }, 1)).rejects.toMatchObject(cart);
    await expect(shop.carts.get('c')).rejects.toMatchObject(cart);
    await expect(shop.carts.clear('c')).rejects.toMatchObject(cart);
    await expect(shop.carts.merge('c', 'd')).rejects.toMatchObject(cart);
    await expect(shop.carts.merge('d', 'c')).rejects.toMatchObject(cart);
    await expect(shop.carts.get('d')).rejects.toMatchObject(corrupt('rf:{main}:price:EUR'));
    await expect(shop.inventory.prices(['apple'])).rejects.toMatchObject(corrupt('rf:{main}:price:EUR'));
    expect(await snapshot(shop.client)).toEqual(before);
  });

  it('lets a cart live for a day after its last change, or for as long as it is told', async () => {
    const life = () => shop.client.pTTL('rf:{main}:cart:c');
    await shop.carts.add('c', { sku: 'apple', quantity: 1 });
    expect(await life()).toBeCloseTo(86_400_000, -4);
    const brief = shop.cartsWith({ idle: '5m' });
    await brief.remove('c', { sku: 'pear' });
    await brief.get('c');
    expect(await life()).toBeCloseTo(86_400_000, -4);
    await brief.add('c', { sku: 'apple', quantity: 2 });
    expect(await life()).toBeCloseTo(300_000, -4);
    await shop.carts.remove('c', { sku: 'apple' }, 1);
    expect(await life()).toBeCloseTo(86_400_000, -4);
    await shop.cartsWith({ idle: 1 }).setQuantity('c', { sku: 'apple' }, 1);
    await until(async () => (await shop.client.exists('rf:{main}:cart:c')) === 0);
    expect((await shop.carts.get('c')).lines).toEqual([]);
  });

  it('keeps shops, and ids that differ by a byte, apart', async () => {
    const other = shop.cartsWith({ shop: 'other', stock: 'none' });
    const prefixed = shop.cartsWith({ prefix: 'rf2', stock: 'none' });
    const ids = [
      'c',
      'C',
      'c ',
      ' c',
      'c:d',
      'c%3Ad',
      'caf\u00e9',
      'cafe\u0301',
      '{main}',
      '}',
      'c\u0000',
      '__proto__',
    ];
    for (const [i, id] of ids.entries()) await shop.carts.add(id, { sku: 'apple', quantity: (i % 10) + 1 });
    for (const id of ids) await other.add(id, { sku: 'other', quantity: 1 });
    for (const [i, id] of ids.entries()) {
      expect(await shop.carts.get(id)).toMatchObject({ id, lines: [{ sku: 'apple', quantity: (i % 10) + 1 }] });
    }
    expect((await prefixed.get('c')).lines).toEqual([]);
    for (const key of await shop.client.keys('*'))
      expect(key).toMatch(/^rf:\{(main|other)\}:(cart:[^\s:{}]+|stock|price:EUR)$/);
  });

  it('has no total in another currency than that of its prices', async () => {
    await shop.carts.add('c', { sku: 'apple', quantity: 1 });
    expect(await shop.cartsWith({ currency: 'JPY' }).get('c')).toMatchObject({ currency: 'JPY', total: null });
  });
});

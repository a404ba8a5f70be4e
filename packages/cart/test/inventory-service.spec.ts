import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { MODES, type Shop, snapshot, startShop } from './shop.js';

describe.each(MODES)('the inventory, the library run as %s', (mode) => {
  let shop: Shop;

  beforeAll(async () => {
    shop = await startShop(mode);
  });
  afterAll(() => shop?.stop());
  beforeEach(async () => {
    await shop.client.flushAll();
    await shop.inventory.setPrices({ apple: 199, pear: 250 });
  });

  it('tells levels and prices of the products that have one', async () => {
    const { inventory, client } = shop;
    expect(await inventory.setStock('apple', 0)).toMatchObject({ sku: 'apple', onHand: 0, available: 0 });
    await client.hSet('rf:{main}:stock', 'oversold', '-2');
    expect([...(await inventory.levels(['apple', 'oversold', 'no-such', 'apple'])).values()]).toEqual([
      { sku: 'apple', tracked: true, onHand: 0, held: 0, available: 0, backorderLimit: 0 },
      { sku: 'oversold', tracked: true, onHand: -2, held: 0, available: 0, backorderLimit: 0 },
    ]);
    await inventory.setPrices(new Map([['free', 0]]));
    expect(await inventory.prices(new Set(['free', 'no-such']))).toEqual(new Map([['free', 0]]));
    expect(await inventory.levels([])).toEqual(new Map());
    expect([await client.pTTL('rf:{main}:stock'), await client.pTTL('rf:{main}:price:EUR')]).toEqual([-1, -1]);
  });

  it('takes more products than one call can carry', async () => {
    const prices = new Map(Array.from({ length: 1201 }, (_, i) => [`sku-${i}`, i]));
    await shop.inventory.setPrices(prices);
    expect(await shop.inventory.prices(prices.keys())).toEqual(prices);
  });

  it('checks every price before it sets one', async () => {
    const before = await snapshot(shop.client);
    const refused = { code: 'INVALID_ARGUMENT', details: { field: 'the price of "pear"', value: '19.99' } };
    await expect(shop.inventory.setPrices({ apple: 5, pear: 19.99 })).rejects.toMatchObject(refused);
    expect(await snapshot(shop.client)).toEqual(before);
  });
});

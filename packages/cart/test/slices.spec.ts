import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { MODES, type Shop, startShop } from './shop.js';

const LINES = 100;
const READS = 40;

describe.each(MODES)('large carts that are read at once, the library run as %s', (mode) => {
  let shop: Shop;
  beforeAll(async () => {
    shop = await startShop(mode);
    const skus = Array.from({ length: LINES }, (_, n) => `sku-${n}`);
    await Promise.all(skus.map((sku) => shop.inventory.setStock(sku, 1_000)));
    await shop.carts.addMany(
      'large',
      skus.map((sku) => ({ sku, quantity: 2 })),
    );
    await shop.carts.add('small', { sku: 'sku-1', quantity: 1 });
  });
  afterAll(() => shop?.stop());

  it('leave turns of the event loop to others, and are there in the order in which they were asked for', async () => {
    let turn = 0;
    let isCounting = true;
    const count = () => {
      turn += 1;
      if (isCounting) setImmediate(count);
    };
    const turns: number[] = [];
    const order: number[] = [];
    const reads = Array.from({ length: READS }, async (_, n) => {
      const cart = await shop.carts.get(n % 2 === 0 ? 'large' : 'small');
      expect(cart.lines).toHaveLength(n % 2 === 0 ? LINES : 1);
      turns.push(turn);
      order.push(n);
    });
    setImmediate(count);
    await Promise.all(reads);
    isCounting = false;
    expect(order).toEqual(Array.from({ length: READS }, (_, n) => n));
    // 20 of them have 2,000 lines: in one turn nobody else would have had one
    expect(new Set(turns).size).toBeGreaterThanOrEqual(5);
  });

  it('are read at once where there is only one of them', async () => {
    const { carts } = shop;
    for (let n = 0; n < 3; n++) expect((await carts.get('large')).itemCount).toBe(2 * LINES);
  });
});

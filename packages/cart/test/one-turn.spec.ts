import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type LineChange, type LineInput, type StockMode } from '../src/index.js';
import { MODES, outcomeOf, type Shop, startShop, unitsOf } from './shop.js';

describe.each(MODES)('adds of one turn of the event loop, which go out together, the library run as %s', (mode) => {
  let shop: Shop;

  beforeAll(async () => {
    shop = await startShop(mode, { stock: 'reserve-on-add', limits: { heldUnits: 1_000_000 } });
  });
  afterAll(() => shop?.stop());
  beforeEach(async () => {
    await shop.client.flushAll();
    await shop.inventory.setStock('apple', 10);
    await shop.inventory.setStock('pear', 1_000_000);
    await shop.inventory.setPrices({ apple: 100, pear: 200 });
  });

  const add = (cart: string, sku: string, quantity = 1) => shop.carts.add(cart, { sku, quantity });

  it('are done in their order, each with its own answer and version', async () => {
    const changes = await Promise.all([add('c', 'apple', 2), add('d', 'pear'), add('c', 'apple', 3), add('c', 'pear')]);
    expect(changes.map(({ quantity }) => quantity)).toEqual([2, 1, 5, 1]);
    const [first, , third, fourth] = changes.map(({ version }) => version) as [number, number, number, number];
    expect([third > first, fourth > third]).toEqual([true, true]);
    expect((await shop.carts.get('c')).version).toBe(fourth);
    // one that has seen the first alone must not overwrite the others
    await expect(shop.carts.clear('c', { ifVersion: first })).rejects.toMatchObject({ code: 'VERSION_CONFLICT' });
  });

  it('are refused one by one', async () => {
    const outcomes = await Promise.all([
      outcomeOf(add('c', 'apple', 7)),
      outcomeOf(add('d', 'apple', 7)),
      outcomeOf(add('e', 'apple', 3)),
      outcomeOf(shop.carts.add('e', { sku: 'pear', quantity: 1, expectedUnitPrice: 1 })),
      outcomeOf(add('e', 'none such')),
    ]);
    expect(outcomes).toEqual(['OK', 'OUT_OF_STOCK', 'OK', 'PRICE_CHANGED', 'UNKNOWN_SKU']);
    expect(await shop.inventory.audit('apple')).toMatchObject({ drift: 0 });
    expect(await shop.inventory.level('apple')).toMatchObject({ held: 10 });
  });

  it('do not suffer for a cart that is corrupt, or a price', async () => {
    await add('bad', 'apple');
    await shop.client.hSet('rf:{main}:cart:bad', 'q:apple', 'many');
    const outcomes = await Promise.all([
      outcomeOf(add('c', 'apple')),
      outcomeOf(add('bad', 'apple')),
      outcomeOf(add('d', 'pear')),
    ]);
    expect(outcomes).toEqual(['OK', 'CORRUPT_DATA', 'OK']);
    expect([await unitsOf(shop.carts, 'c'), await unitsOf(shop.carts, 'd')]).toEqual([{ apple: 1 }, { pear: 1 }]);
  });

  it('go out before what is asked for after them', async () => {
    const added = add('c', 'apple', 2);
    const alsoAdded = add('c', 'pear', 1);
    const removed = shop.carts.remove('c', { sku: 'apple' });
    expect((await removed).removed).toBe(2);
    expect((await added).version).toBeLessThan((await alsoAdded).version);
  });

  it('with metadata are lines of their own', async () => {
    await Promise.all([
      shop.carts.add('c', { sku: 'pear', quantity: 1, metadata: { size: 'S' } }),
      shop.carts.add('c', { sku: 'pear', quantity: 2, metadata: { size: 'M' } }),
      shop.carts.add('c', { sku: 'pear', quantity: 3 }),
    ]);
    const { lines } = await shop.carts.get('c');
    expect(lines.map(({ quantity, metadata }) => [quantity, metadata])).toEqual([
      [1, { size: 'S' }],
      [2, { size: 'M' }],
      [3, null],
    ]);
    expect(lines.every(({ hold }) => hold?.quantity === 6)).toBe(true);
  });

  it('are as many as somebody asks for', async () => {
    const changes = await Promise.all(Array.from({ length: 500 }, (_, i) => add(`c ${i % 7}`, 'pear')));
    expect(new Set(changes.map(({ version }, i) => `${i % 7} ${version}`)).size).toBe(500);
    const counts = await Promise.all(Array.from({ length: 7 }, (_, i) => shop.carts.count(`c ${i}`)));
    expect(counts.reduce((sum, units) => sum + units, 0)).toBe(500);
  });

  const adds = fc.array(
    fc.record({
      cart: fc.constantFrom('c', 'd', 'e'),
      line: fc.record<LineInput>(
        {
          sku: fc.constantFrom('apple', 'pear', 'none such', '__proto__'),
          quantity: fc.integer({ min: 1, max: 5 }),
          metadata: fc.constantFrom({ size: 'S' }, { size: 'M' }),
          expectedUnitPrice: fc.constantFrom(100, 200),
        },
        { requiredKeys: ['sku', 'quantity'] },
      ),
    }),
    { minLength: 4, maxLength: 24 },
  );
  const STOCK: StockMode[] = ['none', 'check', 'reserve-on-checkout', 'reserve-on-add'];

  it.each(STOCK)('come to the same as one after the other, %s', async (stock) => {
    const outcome = (call: Promise<LineChange>) =>
      call.then(
        ({ lineId, quantity }) => ({ lineId, quantity }),
        ({ details }) => details,
      );
    const carts = shop.cartsWith({ stock, limits: { lines: 3, perLine: 12, perCart: 25, heldUnits: 20 } });
    const state = async () => {
      const read = [...(await carts.getMany(['c', 'd', 'e'])).values()];
      const shown = read.map(({ lines, total, problems }) => ({
        total,
        problems,
        lines: lines.map(({ addedAt: _, hold, ...line }) => ({ ...line, held: hold?.quantity })),
      }));
      return { shown, levels: [await shop.inventory.level('apple'), (await shop.inventory.audit('apple')).drift] };
    };
    const begin = async () => {
      await shop.client.flushAll();
      await shop.inventory.setStock('apple', 20);
      await shop.inventory.setPrices({ apple: 100, pear: 200 });
    };
    await fc.assert(
      fc.asyncProperty(adds, async (given) => {
        await begin();
        const together: unknown[] = [];
        // the second turn finds what the first has left
        for (const turn of [given.slice(0, given.length / 2), given.slice(given.length / 2)]) {
          together.push(...(await Promise.all(turn.map(({ cart, line }) => outcome(carts.add(cart, line))))));
        }
        const after = await state();
        await begin();
        const apart: unknown[] = [];
        for (const { cart, line } of given) apart.push(await outcome(carts.add(cart, line)));
        expect(together).toEqual(apart);
        expect(after).toEqual(await state());
      }),
      { numRuns: 60 },
    );
  });

  it('names with line breaks are read as they are', async () => {
    await shop.inventory.setStock('a\nb', 5);
    await shop.inventory.setPrices({ 'a\nb': 7 });
    await Promise.all([add('c', 'a\nb'), add('c', 'pear')]);
    const { lines, total } = await shop.carts.get('c');
    expect([lines.map(({ sku }) => sku), total]).toEqual([['a\nb', 'pear'], 207]);
  });
});

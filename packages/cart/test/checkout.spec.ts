import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Checkout } from '../src/index.js';
import { LAYOUTS, outcomeOf, type Shop, startShop, unitsOf, until } from './shop.js';

describe.each(LAYOUTS)('checkouts, in the layout %s', (layout) => {
  let shop: Shop;

  beforeAll(async () => {
    shop = await startShop('functions', { layout });
  });
  afterAll(() => shop?.stop());
  beforeEach(async () => {
    await shop.client.flushAll();
    await shop.inventory.setStock('apple', 10);
    await shop.inventory.setStock('pear', 3);
    await shop.inventory.setPrices({ apple: 199, pear: 250, plum: 5 });
  });

  const level = async (sku: string) => {
    const { onHand, held, available } = (await shop.inventory.level(sku)) ?? {};
    return { onHand, held, available };
  };
  const fill = (cartId: string, units: Record<string, number>, carts = shop.carts) =>
    carts.addMany(
      cartId,
      Object.entries(units).map(([sku, quantity]) => ({ sku, quantity })),
    );
  const order = ({ checkoutId }: Checkout, orderId = 'order') => ({ checkoutId, orderId });
  /** With so short a window, or hold, that it is over when this returns. */
  const isOver = (sku: string) => until(async () => (await shop.inventory.level(sku))?.held === 0);

  it('hold what is in the cart until they are committed, and take it then', async () => {
    await fill('c', { apple: 4, pear: 1 });
    expect(await level('apple')).toEqual({ onHand: 10, held: 0, available: 10 });
    const { version, total } = await shop.carts.get('c');
    const checkout = await shop.carts.beginCheckout('c', { expectedTotal: 1_046, ifVersion: version });
    expect(checkout).toMatchObject({
      cartId: 'c',
      currency: 'EUR',
      total,
      version,
      lines: [
        { lineId: 'apple', sku: 'apple', quantity: 4, unitPrice: 199, metadata: null },
        { sku: 'pear', quantity: 1, unitPrice: 250 },
      ],
    });
    expect(checkout.expiresAt.getTime() - Date.now()).toBeGreaterThan(29 * 60_000);
    expect(await shop.carts.get('c')).toMatchObject({
      version,
      status: 'checkout',
      checkout: { checkoutId: checkout.checkoutId },
      lines: [{ stock: { state: 'ok', available: 10 }, hold: { quantity: 4 } }, {}],
    });
    expect(await level('apple')).toEqual({ onHand: 10, held: 4, available: 6 });
    expect(await outcomeOf(shop.carts.add('other', { sku: 'apple', quantity: 7 }))).toBe('OUT_OF_STOCK');
    expect(await shop.carts.commit(order(checkout))).toEqual({
      status: 'committed',
      orderId: 'order',
      shortfall: [],
    });
    expect(await level('apple')).toEqual({ onHand: 6, held: 0, available: 6 });
    expect(await level('pear')).toEqual({ onHand: 2, held: 0, available: 2 });
    expect(await shop.carts.get('c')).toMatchObject({ status: 'empty', lines: [], checkout: null });
  });

  it('are committed once per order id, and to one order', async () => {
    await fill('c', { apple: 4 });
    const checkout = await shop.carts.beginCheckout('c');
    const results = await Promise.all(Array.from({ length: 8 }, () => shop.carts.commit(order(checkout))));
    expect(results.filter(({ status }) => status === 'committed')).toHaveLength(1);
    expect(await shop.carts.commit(order(checkout))).toMatchObject({ status: 'already-committed', shortfall: [] });
    expect(await level('apple')).toEqual({ onHand: 6, held: 0, available: 6 });
    await expect(shop.carts.commit(order(checkout, 'another'))).rejects.toMatchObject({
      code: 'ORDER_CONFLICT',
      httpStatus: 409,
      details: { orderId: 'another', committedAs: 'order' },
    });
    expect(await shop.carts.cancel(checkout)).toEqual({ released: false, orderId: 'order' });
    await fill('c', { apple: 1 });
    const next = await shop.carts.beginCheckout('c');
    await expect(shop.carts.commit(order(next))).rejects.toMatchObject({
      code: 'ORDER_CONFLICT',
      details: { committedAs: null },
    });
    // what came before is known for as long as orders are kept
    expect(await shop.carts.commit(order(checkout))).toMatchObject({ status: 'already-committed' });
    expect(await shop.carts.commit(order(next, 'next'))).toMatchObject({ status: 'committed' });
    expect((await level('apple')).onHand).toBe(5);
  });

  it('are given up by a cancel, after which nothing can be paid', async () => {
    await fill('c', { apple: 4 });
    const checkout = await shop.carts.beginCheckout('c');
    expect(await shop.carts.cancel(checkout)).toEqual({ released: true, orderId: null });
    expect(await shop.carts.cancel(checkout)).toEqual({ released: false, orderId: null });
    expect(await level('apple')).toEqual({ onHand: 10, held: 0, available: 10 });
    expect(await shop.carts.get('c')).toMatchObject({ status: 'open', itemCount: 4 });
    await expect(shop.carts.commit(order(checkout))).rejects.toMatchObject({
      code: 'CHECKOUT_NOT_FOUND',
      httpStatus: 404,
    });
    expect((await shop.carts.beginCheckout('c')).checkoutId).not.toBe(checkout.checkoutId);
  });

  it('hold all of it or nothing', async () => {
    await fill('c', { apple: 4, pear: 3 });
    await fill('rival', { pear: 1 });
    await shop.carts.beginCheckout('rival');
    const before = await level('apple');
    await expect(shop.carts.beginCheckout('c')).rejects.toMatchObject({
      code: 'OUT_OF_STOCK',
      details: { sku: 'pear', requested: 3, available: 2, inCart: 3 },
    });
    expect(await level('apple')).toEqual(before);
    expect(await level('pear')).toMatchObject({ held: 1 });
    expect(await shop.carts.get('c')).toMatchObject({
      status: 'open',
      problems: [{ code: 'STOCK_SHORT', lineId: 'pear', requested: 3, available: 2 }],
    });
  });

  it('one at a time per cart, until it is over', async () => {
    await fill('c', { apple: 4 });
    const checkout = await shop.carts.beginCheckout('c', { window: '10m' });
    await expect(shop.carts.beginCheckout('c')).rejects.toMatchObject({
      code: 'IN_CHECKOUT',
      retryable: true,
      details: { checkoutId: checkout.checkoutId, until: checkout.expiresAt.toISOString() },
    });
    await expect(shop.carts.merge('c', 'user')).rejects.toMatchObject({ code: 'IN_CHECKOUT' });
    await shop.carts.cancel(checkout);
    const brief = await shop.carts.beginCheckout('c', { window: 1 });
    await isOver('apple');
    const next = await shop.carts.beginCheckout('c');
    await expect(shop.carts.commit(order(brief))).rejects.toMatchObject({ code: 'CHECKOUT_NOT_FOUND' });
    expect(await shop.carts.commit(order(next))).toMatchObject({ status: 'committed', shortfall: [] });
  });

  it('are of what was in the cart: it keeps what comes later, and what has gone is bought all the same', async () => {
    await fill('c', { apple: 4, pear: 1 });
    const checkout = await shop.carts.beginCheckout('c');
    await shop.carts.add('c', { sku: 'apple', quantity: 2 });
    await shop.carts.remove('c', { sku: 'pear' });
    await shop.carts.commit(order(checkout));
    expect(await unitsOf(shop.carts, 'c')).toEqual({ apple: 2 });
    expect(await level('apple')).toEqual({ onHand: 6, held: 0, available: 6 });
    expect((await level('pear')).onHand).toBe(2);
    const again = await shop.carts.beginCheckout('c');
    await shop.carts.clear('c');
    expect(await shop.carts.commit(order(again, 'again'))).toMatchObject({ status: 'committed', shortfall: [] });
    expect((await level('apple')).onHand).toBe(4);
  });

  it('do not begin where there is nothing to pay, or something else', async () => {
    expect(await outcomeOf(shop.carts.beginCheckout('c'))).toBe('EMPTY_CART');
    const { version } = await fill('c', { apple: 1 });
    await expect(shop.carts.beginCheckout('c', { expectedTotal: 200 })).rejects.toMatchObject({
      code: 'TOTAL_CHANGED',
      details: { expected: 200, actual: 199 },
    });
    await expect(shop.carts.beginCheckout('c', { ifVersion: version - 1 })).rejects.toMatchObject({
      code: 'VERSION_CONFLICT',
      details: { expected: version - 1, actual: version },
    });
    const yen = shop.cartsWith({ currency: 'JPY' });
    expect(await outcomeOf(yen.beginCheckout('c'))).toBe('CURRENCY_MISMATCH');
    const careful = shop.cartsWith({ limits: { heldUnits: 2 } });
    await fill('c', { apple: 2 });
    await expect(careful.beginCheckout('c')).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
      details: { limit: 'heldUnits', max: 2, requested: 3 },
    });
    await shop.inventory.setPrices({ apple: null });
    await expect(shop.carts.beginCheckout('c')).rejects.toMatchObject({
      code: 'PRICE_MISSING',
      details: { sku: 'apple' },
    });
    await shop.inventory.setPrices({ apple: Number.MAX_SAFE_INTEGER });
    expect(await outcomeOf(shop.carts.beginCheckout('c'))).toBe('AMOUNT_OVERFLOW');
    await shop.inventory.setPrices({ apple: 1 });
    await shop.inventory.drop(['apple']);
    expect(await outcomeOf(shop.carts.beginCheckout('c'))).toBe('UNKNOWN_SKU');
    expect((await shop.carts.get('c')).status).toBe('open');
  });

  it('that are repeated with their operation id are one', async () => {
    await fill('c', { apple: 4 });
    const begin = () => shop.carts.beginCheckout('c', { opId: 'click' });
    const [first, second] = await Promise.all([begin(), begin()]);
    expect(second.checkoutId).toBe(first.checkoutId);
    const { replayed: _, ...told } = await begin();
    expect(first).toMatchObject(told);
    expect((await level('apple')).held).toBe(4);
  });

  describe('whose time is over', () => {
    it('let others buy, and report at a commit what is not there any more', async () => {
      await fill('c', { apple: 4, pear: 3 });
      const checkout = await shop.carts.beginCheckout('c', { window: 1 });
      await isOver('pear');
      await fill('rival', { pear: 2 });
      await shop.carts.commit(order(await shop.carts.beginCheckout('rival'), 'rival'));
      await expect(shop.carts.commit(order(checkout), { onShortfall: 'refuse' })).rejects.toMatchObject({
        code: 'HOLD_EXPIRED',
        httpStatus: 410,
        details: { checkoutId: checkout.checkoutId, shortfall: [{ sku: 'pear', quantity: 2 }] },
      });
      expect((await level('apple')).onHand).toBe(10);
      const late = { status: 'committed', orderId: 'order', shortfall: [{ sku: 'pear', quantity: 2 }] };
      expect(await shop.carts.commit(order(checkout))).toEqual(late);
      expect(await shop.carts.commit(order(checkout))).toEqual({ ...late, status: 'already-committed' });
      expect(await level('pear')).toEqual({ onHand: 0, held: 0, available: 0 });
      expect((await level('apple')).onHand).toBe(6);
    });

    it('are committed whole where nobody else came', async () => {
      await fill('c', { pear: 3 });
      const checkout = await shop.carts.beginCheckout('c', { window: 1 });
      await isOver('pear');
      expect(await shop.carts.commit(order(checkout), { onShortfall: 'refuse' })).toMatchObject({ shortfall: [] });
      expect((await level('pear')).onHand).toBe(0);
    });

    it('can be cancelled: there is nothing to let go', async () => {
      await fill('c', { pear: 3 });
      const checkout = await shop.carts.beginCheckout('c', { window: 1 });
      await isOver('pear');
      await fill('rival', { pear: 3 });
      await shop.carts.beginCheckout('rival');
      expect(await shop.carts.cancel(checkout)).toMatchObject({ released: true });
      expect(await level('pear')).toEqual({ onHand: 3, held: 3, available: 0 });
    });
  });

  it('never sell what is not there, also where the stock was lowered below what is held', async () => {
    await fill('a', { pear: 2 });
    await fill('b', { pear: 1 });
    const [a, b] = [await shop.carts.beginCheckout('a'), await shop.carts.beginCheckout('b')];
    await shop.inventory.setStock('pear', 1);
    expect(await level('pear')).toEqual({ onHand: 1, held: 3, available: 0 });
    expect(await shop.carts.commit(order(a, 'a'))).toMatchObject({ shortfall: [{ sku: 'pear', quantity: 1 }] });
    expect(await shop.carts.commit(order(b, 'b'))).toMatchObject({ shortfall: [{ sku: 'pear', quantity: 1 }] });
    expect(await level('pear')).toEqual({ onHand: 0, held: 0, available: 0 });
  });

  it('sell beyond the stock as far as backorders go, and without end what is not counted', async () => {
    await shop.inventory.setBackorder('pear', 2);
    await fill('c', { pear: 5 });
    expect(await outcomeOf(shop.carts.add('c', { sku: 'pear', quantity: 1 }))).toBe('OUT_OF_STOCK');
    await shop.inventory.untrack('plum');
    await shop.carts.add('c', { sku: 'plum', quantity: 900 });
    const checkout = await shop.carts.beginCheckout('c');
    expect(await shop.inventory.level('pear')).toMatchObject({ onHand: 3, held: 5, available: 0, backorderLimit: 2 });
    expect(await shop.carts.commit(order(checkout))).toMatchObject({ shortfall: [] });
    expect(await shop.inventory.level('pear')).toMatchObject({ onHand: -2, held: 0, available: 0 });
    expect(await shop.inventory.level('plum')).toMatchObject({ tracked: false, onHand: null, available: null });
    expect(await outcomeOf(shop.carts.add('c', { sku: 'pear', quantity: 1 }))).toBe('OUT_OF_STOCK');
    await shop.inventory.setBackorder('pear', null);
    await fill('c', { pear: 500 });
    expect(await shop.carts.commit(order(await shop.carts.beginCheckout('c'), 'b'))).toMatchObject({ shortfall: [] });
    expect(await shop.inventory.level('pear')).toMatchObject({ onHand: -502, available: null, backorderLimit: null });
  });

  it('report what was taken off the list while it was paid', async () => {
    await fill('c', { pear: 2 });
    const checkout = await shop.carts.beginCheckout('c');
    expect(await shop.inventory.drop(['pear', 'no-such'])).toBe(1);
    expect(await shop.carts.commit(order(checkout))).toMatchObject({ shortfall: [{ sku: 'pear', quantity: 2 }] });
    expect(await shop.inventory.level('pear')).toBeNull();
  });

  it('have no stock to take where the shop does not look at it', async () => {
    const carts = shop.cartsWith({ stock: 'none' });
    await fill('c', { apple: 500 }, carts);
    expect(await carts.commit(order(await carts.beginCheckout('c')))).toMatchObject({ shortfall: [] });
    expect((await level('apple')).onHand).toBe(10);
  });

  it('hold nothing where the stock is only checked: two pay for the last unit, and one of them is told', async () => {
    const carts = shop.cartsWith({ stock: 'check' });
    await fill('a', { pear: 3 }, carts);
    await fill('b', { pear: 3 }, carts);
    const [a, b] = [await carts.beginCheckout('a'), await carts.beginCheckout('b')];
    expect(await carts.commit(order(a, 'a'))).toMatchObject({ shortfall: [] });
    expect(await carts.commit(order(b, 'b'))).toMatchObject({ shortfall: [{ sku: 'pear', quantity: 3 }] });
    expect((await level('pear')).onHand).toBe(0);
  });

  describe('where what is in a cart is held', () => {
    const reserving = () => shop.cartsWith({ stock: 'reserve-on-add' });

    it('nobody else can have it, and it is there again when it is taken out', async () => {
      const carts = reserving();
      const { heldUntil } = await carts.add('a', { sku: 'pear', quantity: 2 });
      expect((heldUntil?.getTime() ?? 0) - Date.now()).toBeGreaterThan(9 * 60_000);
      expect(await level('pear')).toEqual({ onHand: 3, held: 2, available: 1 });
      await expect(carts.add('b', { sku: 'pear', quantity: 2 })).rejects.toMatchObject({
        code: 'OUT_OF_STOCK',
        details: { available: 1, requested: 2 },
      });
      // its own hold does not count against it
      await carts.add('a', { sku: 'pear', quantity: 1 });
      await carts.setQuantity('a', { sku: 'pear' }, 1);
      expect(await level('pear')).toEqual({ onHand: 3, held: 1, available: 2 });
      await carts.remove('a', { sku: 'pear' });
      expect(await level('pear')).toEqual({ onHand: 3, held: 0, available: 3 });
      await fill('a', { pear: 3, apple: 2 }, carts);
      await carts.clear('a');
      expect(await level('pear')).toEqual({ onHand: 3, held: 0, available: 3 });
    });

    it('all of its lines of a product are held once', async () => {
      const carts = reserving();
      await carts.add('a', { sku: 'pear', quantity: 1, metadata: { ripe: true } });
      await carts.add('a', { sku: 'pear', quantity: 2 });
      expect(await outcomeOf(carts.add('a', { sku: 'pear', quantity: 1, metadata: { ripe: false } }))).toBe(
        'OUT_OF_STOCK',
      );
      expect(await level('pear')).toEqual({ onHand: 3, held: 3, available: 0 });
      await carts.remove('a', { sku: 'pear', metadata: { ripe: true } });
      expect(await level('pear')).toEqual({ onHand: 3, held: 2, available: 1 });
    });

    it('a hold has an end; then others can have it, and the cart says so', async () => {
      const brief = shop.cartsWith({ stock: 'reserve-on-add', hold: { cart: 1 } });
      await brief.add('a', { sku: 'pear', quantity: 3 });
      await isOver('pear');
      const carts = reserving();
      expect(await carts.get('a')).toMatchObject({
        lines: [{ hold: null }],
        problems: [{ code: 'HOLD_EXPIRED', lineId: 'pear' }],
      });
      await carts.add('b', { sku: 'pear', quantity: 1 });
      expect(await level('pear')).toEqual({ onHand: 3, held: 1, available: 2 });
      expect(await outcomeOf(carts.beginCheckout('a'))).toBe('OUT_OF_STOCK');
      await carts.setQuantity('a', { sku: 'pear' }, 2);
      await carts.commit(order(await carts.beginCheckout('a')));
      expect(await level('pear')).toEqual({ onHand: 1, held: 1, available: 0 });
    });

    it('who keeps changing the cart does not keep it for ever', async () => {
      const carts = shop.cartsWith({ stock: 'reserve-on-add', hold: { cart: '10m', most: 300 } });
      const ends = [];
      for (let i = 0; i < 3; i++) ends.push((await carts.add('a', { sku: 'apple', quantity: 1 })).heldUntil?.getTime());
      expect(new Set(ends).size).toBe(1);
      await isOver('apple');
      expect((await level('apple')).available).toBe(10);
    });

    it('a checkout holds it for longer, and what is not bought stays held', async () => {
      const carts = reserving();
      await fill('a', { apple: 2 }, carts);
      const checkout = await carts.beginCheckout('a', { window: '20m' });
      expect(await level('apple')).toEqual({ onHand: 10, held: 2, available: 8 });
      await carts.add('a', { sku: 'apple', quantity: 3 });
      expect((await level('apple')).held).toBe(5);
      // as a hold of the cart alone it would end before it can be paid
      const [line] = (await carts.get('a')).lines;
      expect(line?.hold?.expiresAt.getTime()).toBeGreaterThanOrEqual(checkout.expiresAt.getTime());
      await carts.remove('a', { sku: 'apple' });
      // it is being paid
      expect((await level('apple')).held).toBe(2);
      await carts.add('a', { sku: 'apple', quantity: 6 });
      await carts.commit(order(checkout));
      expect(await unitsOf(carts, 'a')).toEqual({ apple: 4 });
      expect((await level('apple')).onHand).toBe(8);
      const again = await carts.beginCheckout('a');
      await carts.cancel(again);
      expect((await carts.get('a')).lines[0]?.hold?.quantity).toBeGreaterThanOrEqual(4);
    });

    it('a merge takes what the guest held along', async () => {
      const carts = reserving();
      await carts.add('guest', { sku: 'pear', quantity: 2 });
      await carts.add('user', { sku: 'pear', quantity: 1 });
      expect(await carts.merge('guest', 'user')).toMatchObject({ lines: 1, adjustments: [] });
      expect(await unitsOf(carts, 'user')).toEqual({ pear: 3 });
      expect(await level('pear')).toEqual({ onHand: 3, held: 3, available: 0 });
      await carts.clear('user');
      expect((await level('pear')).held).toBe(0);
    });

    it('it holds no more than it may', async () => {
      const carts = shop.cartsWith({ stock: 'reserve-on-add', limits: { heldUnits: 3 } });
      await carts.add('a', { sku: 'apple', quantity: 3 });
      expect(await outcomeOf(carts.add('a', { sku: 'apple', quantity: 1 }))).toBe('LIMIT_EXCEEDED');
      expect((await level('apple')).held).toBe(3);
    });
  });

  it('ten thousand holds whose time is over do not keep anybody waiting, and are not in the way', async () => {
    const keys =
      layout === 'split' ? ['rf:{main:s:pear}:holds', 'rf:{main:s:pear}:due'] : ['rf:{main}:holds', 'rf:{main}:due'];
    const [holds = '', due = ''] = keys;
    const members = Array.from({ length: 10_000 }, (_, i) => `4:pear:cart-${i}`);
    await shop.client.hSet(holds, Object.fromEntries(members.map((member) => [`c:${member}`, '1:1:0:'])));
    await shop.client.hSet(holds, 'h:pear', '10000');
    await shop.client.zAdd(
      due,
      members.map((value) => ({ value, score: 1 })),
    );
    await shop.client.sendCommand(['SLOWLOG', 'RESET']);
    expect(await outcomeOf(shop.carts.add('c', { sku: 'pear', quantity: 3 }))).toBe('OK');
    expect(await level('pear')).toEqual({ onHand: 3, held: 0, available: 3 });
    expect(await shop.client.zCard(due)).toBe(0);
    for (const entry of await shop.client.sendCommand<unknown[][]>(['SLOWLOG', 'GET', '100'])) {
      if (String(entry[3]).startsWith('FCALL')) expect(Number(entry[2])).toBeLessThan(50_000);
    }
  });
});

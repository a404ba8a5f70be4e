import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { LAYOUTS, outcomeOf, type Shop, snapshot, startShop, unitsOf, until } from './shop.js';

/** What separates the parts of a stored line, of a list in a reply, of a hold, or of a key. */
const SEPARATORS = ['\n', ',', ':', '|', ' ', '\u0000', '\t', '"', '%', '~', 'null', '1,2,3', '1:2:3:', '5:apple:c'];

describe.each(LAYOUTS)('what somebody could try, in the layout %s', (layout) => {
  let shop: Shop;

  beforeAll(async () => {
    shop = await startShop('functions', { layout });
  });
  afterAll(() => shop?.stop());
  beforeEach(async () => {
    await shop.client.flushAll();
    await shop.inventory.setStock('apple', 10);
    await shop.inventory.setPrices({ apple: 199, pear: 250 });
  });

  it('a payment that is told of again when its order is forgotten sells nothing again', async () => {
    await shop.carts.add('c', { sku: 'apple', quantity: 4 });
    const { checkoutId } = await shop.carts.beginCheckout('c');
    await shop.carts.commit({ checkoutId, orderId: 'o' });
    // expired, or evicted; the checkout's own key may live longer
    const forgotten = [...(await shop.client.keys('rf:*:order:*')), ...(await shop.client.keys('rf:*:sale:*'))];
    for (const key of forgotten) await shop.client.del(key);
    expect(await outcomeOf(shop.carts.commit({ checkoutId, orderId: 'o' }))).toBe('CHECKOUT_NOT_FOUND');
    expect(await shop.inventory.level('apple')).toMatchObject({ onHand: 6, held: 0 });
  });

  it('one order id for two carts is a conflict where one place knows both', async () => {
    for (const cart of ['a', 'b']) await shop.carts.add(cart, { sku: 'apple', quantity: 2 });
    const [a, b] = [await shop.carts.beginCheckout('a'), await shop.carts.beginCheckout('b')];
    await shop.carts.commit({ checkoutId: a.checkoutId, orderId: 'o' });
    const other = await outcomeOf(shop.carts.commit({ checkoutId: b.checkoutId, orderId: 'o' }));
    expect(other).toBe(layout === 'split' ? 'OK' : 'ORDER_CONFLICT');
    expect((await shop.inventory.level('apple'))?.onHand).toBe(layout === 'split' ? 6 : 8);
  });

  it.each(['commit', 'cancel'] as const)('a begin that is repeated after the %s holds nothing again', async (end) => {
    await shop.carts.add('c', { sku: 'apple', quantity: 4 });
    const { checkoutId } = await shop.carts.beginCheckout('c', { opId: 'click' });
    await (end === 'cancel' ? shop.carts.cancel({ checkoutId }) : shop.carts.commit({ checkoutId, orderId: 'o' }));
    const again = await outcomeOf(shop.carts.beginCheckout('c', { opId: 'click' }));
    expect(['OK', 'CHECKOUT_NOT_FOUND']).toContain(again);
    expect(await shop.inventory.level('apple')).toMatchObject({ onHand: end === 'cancel' ? 10 : 6, held: 0 });
  });

  it('what a cart holds for a checkout whose time is over goes along with a merge', async () => {
    const carts = shop.cartsWith({ stock: 'reserve-on-add' });
    await carts.add('guest', { sku: 'apple', quantity: 10 });
    const { checkoutId } = await carts.beginCheckout('guest', { window: 1 });
    await until(async () => (await carts.get('guest')).status === 'open');
    expect(await carts.merge('guest', 'user')).toMatchObject({ lines: 1, adjustments: [] });
    expect(await unitsOf(carts, 'user')).toEqual({ apple: 10 });
    expect(await shop.inventory.audit('apple')).toMatchObject({ held: 10, drift: 0 });
    // the payment comes late: the units are in the other cart, and that is said
    const shortfall = [{ sku: 'apple', quantity: 10 }];
    expect(await carts.commit({ checkoutId, orderId: 'o' })).toMatchObject({ shortfall });
    expect(await shop.inventory.level('apple')).toMatchObject({ onHand: 10, held: 10 });
  });

  it('ids that take the most room in a key are ids like others', async () => {
    const id = '\u0000'.repeat(256);
    const carts = shop.cartsWith({ stock: 'reserve-on-add' });
    await shop.inventory.setStock(id, 3);
    await shop.inventory.setPrices({ [id]: 1 });
    await carts.add(id, { sku: id, quantity: 2 }, { opId: id });
    const { checkoutId } = await carts.beginCheckout(id, { opId: `${id.slice(1)}b` });
    expect(await carts.commit({ checkoutId, orderId: id })).toMatchObject({ shortfall: [] });
    expect(await shop.inventory.level(id)).toMatchObject({ onHand: 1, held: 0 });
  });

  it('separators in products, metadata and ids of one cart are mistaken for nothing', async () => {
    const skus = SEPARATORS.flatMap((text) => [text, `a${text}b`, `${text}${text}`]);
    for (const sku of skus) await shop.inventory.setStock(sku, 4);
    await shop.inventory.setPrices(new Map(skus.map((sku, i) => [sku, i])));
    const metadata = (sku: string) => ({ [sku]: sku });
    const items = skus.flatMap((sku, i) => [
      { sku, quantity: 1 },
      ...(i % 3 === 0 ? [{ sku, quantity: 2, metadata: metadata(sku) }] : []),
    ]);
    await shop.carts.addMany('a\nb', items);
    const { lines, total, itemCount } = await shop.carts.get('a\nb');
    expect(
      lines.map(({ sku, quantity, metadata: of, unitPrice, stock }) => [sku, quantity, of, unitPrice, stock]),
    ).toEqual(
      items.map((item) => [
        item.sku,
        item.quantity,
        'metadata' in item ? item.metadata : null,
        skus.indexOf(item.sku),
        { state: 'ok', available: 4 },
      ]),
    );
    expect(total).toBe(items.reduce((sum, { sku, quantity }) => sum + quantity * skus.indexOf(sku), 0));
    expect(itemCount).toBe(items.reduce((sum, { quantity }) => sum + quantity, 0));
    const { checkoutId } = await shop.carts.beginCheckout('a\nb');
    expect(await shop.carts.commit({ checkoutId, orderId: '\n' })).toMatchObject({ shortfall: [] });
    expect((await shop.carts.get('a\nb')).lines).toEqual([]);
    for (const sku of skus) expect(await shop.inventory.audit(sku)).toMatchObject({ held: 0, drift: 0, broken: 0 });
  });

  it('a total is right up to 2^53-1, and refused above', async () => {
    const most = Number.MAX_SAFE_INTEGER;
    await shop.inventory.setPrices({ apple: (most - 1) / 2, pear: 1 });
    await shop.inventory.setStock('pear', 10);
    await shop.carts.addMany('c', [
      { sku: 'apple', quantity: 2 },
      { sku: 'pear', quantity: 1 },
    ]);
    expect((await shop.carts.get('c')).total).toBe(most);
    const checkout = await shop.carts.beginCheckout('c', { expectedTotal: most });
    expect(checkout.total).toBe(most);
    await shop.carts.cancel(checkout);
    await shop.carts.add('c', { sku: 'pear', quantity: 1 });
    expect(await outcomeOf(shop.carts.get('c'))).toBe('AMOUNT_OVERFLOW');
    expect(await outcomeOf(shop.carts.beginCheckout('c'))).toBe('AMOUNT_OVERFLOW');
  });

  it('a count of holds that cannot be read is told before anything is swept, and keeps nobody from reading', async () => {
    const brief = shop.cartsWith({ stock: 'reserve-on-add', hold: { cart: 1 } });
    const skus = ['apple', 'kiwi', 'pear', 'plum'];
    await Promise.all(skus.map((sku) => shop.inventory.setStock(sku, 10)));
    await shop.inventory.setPrices({ plum: 1 });
    await shop.carts.add('c', { sku: 'plum', quantity: 1 });
    const { checkoutId } = await shop.carts.beginCheckout('c');
    await brief.addMany(
      'left',
      ['apple', 'kiwi', 'pear'].map((sku) => ({ sku, quantity: 2 })),
    );
    await until(async () => (await shop.inventory.level('pear'))?.held === 0);
    const holds = layout === 'split' ? 'rf:{main:s:pear}:holds' : 'rf:{main}:holds';
    await shop.client.hSet(holds, 'h:pear', 'x');
    const carts = shop.cartsWith({ stock: 'reserve-on-add' });
    const calls = [
      () => carts.add('d', { sku: 'pear', quantity: 1 }),
      () => shop.inventory.adjust('pear', 1),
      () => shop.inventory.reap(['pear']),
      ...(layout === 'split'
        ? []
        : [
            () => carts.add('d', { sku: 'apple', quantity: 1 }),
            () => carts.addMany('d', [{ sku: 'apple', quantity: 1 }]),
            () => carts.remove('left', { sku: 'apple' }),
            () => carts.clear('left'),
            () => carts.merge('left', 'd'),
            () => carts.commit({ checkoutId, orderId: 'o' }),
            () => carts.cancel({ checkoutId }),
            () => shop.inventory.adjust('apple', 1),
          ]),
    ];
    const before = await snapshot(shop.client);
    for (const call of calls) {
      await expect(call()).rejects.toMatchObject({ code: 'CORRUPT_DATA', details: { key: holds } });
    }
    expect(await snapshot(shop.client)).toEqual(before);
    expect(await shop.carts.get('c')).toMatchObject({ lines: [{ sku: 'plum', quantity: 1 }] });
    expect(await shop.inventory.level('apple')).toMatchObject({ held: 0 });
    await shop.inventory.audit('pear', { repair: true });
    await carts.commit({ checkoutId, orderId: 'o' });
    for (const sku of skus) expect(await shop.inventory.audit(sku)).toMatchObject({ drift: 0, broken: 0 });
  });

  it('a version that could not rise any more is not taken for one', async () => {
    await shop.carts.add('c', { sku: 'apple', quantity: 1 });
    const [key = ''] = await shop.client.keys('rf:*:cart:c');
    await shop.client.hSet(key, 'v', `${2n ** 53n} 1 1 0 EUR`);
    expect(await outcomeOf(shop.carts.get('c'))).toBe('CORRUPT_DATA');
    expect(await outcomeOf(shop.carts.add('c', { sku: 'apple', quantity: 1 }))).toBe('CORRUPT_DATA');
    await shop.carts.clear('c');
    expect(await shop.carts.add('c', { sku: 'apple', quantity: 1 })).toMatchObject({ quantity: 1 });
  });
});

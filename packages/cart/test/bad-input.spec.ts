import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CartError, type InventoryService } from '../src/index.js';
import { MODES, type Shop, snapshot, startShop } from './shop.js';

const NOT_QUANTITIES: readonly unknown[] = [
  ...[-0.5, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 2 ** 53, 2 ** 63, -(2 ** 53)],
  ...['', '1', '1.5', 'nan', 'inf', '1e3', '1e400', '0x10', ' 5 ', '5\n', '\u0663', '1_000', '00005', '+5', 'all'],
  ...[null, true, false, [], [5], {}, { valueOf: () => 5 }, 5n, Symbol('5'), () => 5, new Date(5)],
];

const NOT_IDS: readonly unknown[] = [
  ...['', 'x'.repeat(257), '\u20ac'.repeat(86), 'a\ud800', '\udc00b'],
  ...[undefined, null, 0, 5, true, Number.NaN, [], ['a'], {}, { toString: () => 'a' }, 5n, Symbol('a')],
];

const CYCLE: Record<string, unknown> = {};
CYCLE['self'] = CYCLE;

/** A well-formed id of a checkout that does not exist. */
const checkoutId = 'AAAAAAAAAAAAAAAAAAAAAA.c';

/** Unusual, and nobody's business but the caller's. */
const IDS = [
  ...[
    'a',
    'x'.repeat(256),
    '\u20ac'.repeat(85),
    ':',
    '|',
    '{',
    '}',
    '{}',
    'a}b',
    '{main}',
    '*',
    'a?b',
    '[a]',
    '\\',
    '^-',
    ' ',
    'a b',
    '\u0000',
    '\r\n',
  ],
  ...[
    '\u{1f34e}',
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    'v',
    'q:',
    'a:',
    'q:a',
    'cart',
    '0',
    '1e3',
  ],
  ...['all', '', 'A', 'caf\u00e9', 'cafe\u0301', '%3A', '%ud800', '\u0085', '\ufeff'],
].filter((id) => id !== '');

const CASES = [
  ...MODES.map((mode) => ({ mode, layout: 'shop-slot' as const })),
  { mode: MODES[0], layout: 'split' as const },
];

describe.each(CASES)('input from anywhere, the library run as $mode, $layout', ({ mode, layout }) => {
  let shop: Shop;
  beforeAll(async () => {
    shop = await startShop(mode, { layout });
    await shop.inventory.setStock('apple', 10);
    await shop.inventory.setPrices({ apple: 199 });
    await shop.carts.add('c', { sku: 'apple', quantity: 2 });
    await shop.carts.add('d', { sku: 'apple', quantity: 2 });
  });
  afterAll(() => shop?.stop());

  /** Calls methods as JavaScript callers can: with anything. */
  const carts = () => shop.carts as unknown as Record<keyof Shop['carts'], (...input: unknown[]) => Promise<unknown>>;
  const inventory = () =>
    shop.inventory as unknown as Record<keyof InventoryService, (...input: unknown[]) => Promise<unknown>>;

  async function expectRefusals(code: string, calls: readonly (() => Promise<unknown>)[]): Promise<void> {
    const before = await snapshot(shop.client);
    for (const call of calls) {
      const error = await call().then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      if (!(error instanceof CartError)) throw new Error(`not refused by name: ${call}`, { cause: error });
      expect(error).toMatchObject({ code, httpStatus: 400, details: { code, field: expect.any(String) } });
      expect(error.message).toMatch(/ is .*\. Give .*\.$/s);
      // the details go into an HTTP body
      expect(JSON.parse(JSON.stringify(error.details))).toEqual(error.details);
    }
    expect(await snapshot(shop.client)).toEqual(before);
  }

  it.each(NOT_QUANTITIES.map((value) => [value]))('%p is no quantity', async (value) => {
    await expectRefusals('INVALID_QUANTITY', [
      () => carts().add('c', { sku: 'apple', quantity: value }),
      () => carts().setQuantity('c', { sku: 'apple' }, value),
      () => carts().remove('c', { sku: 'apple' }, value),
      () => inventory().setStock('apple', value),
      () => inventory().receive('apple', value),
      () =>
        carts().addMany('c', [
          { sku: 'apple', quantity: 1 },
          { sku: 'apple', quantity: value },
        ]),
    ]);
    // below 0 takes
    if (value !== -1) {
      await expectRefusals('INVALID_QUANTITY', [
        () => carts().increment('c', { sku: 'apple' }, value),
        () => inventory().adjust('apple', value),
      ]);
    }
    // null is for any number
    if (value !== null) await expectRefusals('INVALID_QUANTITY', [() => inventory().setBackorder('apple', value)]);
    await expectRefusals('INVALID_ARGUMENT', [
      () => carts().beginCheckout('c', { expectedTotal: value }),
      () => carts().add('c', { sku: 'apple', quantity: 1, expectedUnitPrice: value }),
      () => carts().add('c', { sku: 'apple', quantity: 1 }, { ifVersion: value }),
    ]);
    // null takes a price away
    if (value !== null) await expectRefusals('INVALID_ARGUMENT', [() => inventory().setPrices({ apple: value })]);
  });

  it('a missing quantity is refused where there is no default, and 0 where nothing would happen', async () => {
    await expectRefusals('INVALID_QUANTITY', [
      () => carts().add('c', { sku: 'apple' }),
      () => carts().add('c', { sku: 'apple', quantity: 0 }),
      () => carts().add('c', { sku: 'apple', quantity: -0 }),
      () => carts().setQuantity('c', { sku: 'apple' }),
      () => carts().remove('c', { sku: 'apple' }, 0),
      () => inventory().setStock('apple'),
    ]);
  });

  it.each(NOT_IDS.map((value) => [value]))('%p is no id', async (value) => {
    await expectRefusals('INVALID_ARGUMENT', [
      () => carts().add(value, { sku: 'apple', quantity: 1 }),
      () => carts().add('c', { sku: value, quantity: 1 }),
      () => carts().setQuantity(value, { sku: 'apple' }, 1),
      () => carts().setQuantity('c', { sku: value }, 0),
      () => carts().remove(value, { sku: 'apple' }),
      () => carts().remove('c', { sku: value }),
      () => carts().get(value),
      () => carts().clear(value),
      () => carts().merge(value, 'c'),
      () => carts().merge('c', value),
      () => carts().addMany(value, [{ sku: 'apple', quantity: 1 }]),
      () => carts().addMany('c', [{ sku: value, quantity: 1 }]),
      () => carts().increment(value, { sku: 'apple' }, 1),
      () => carts().increment('c', { sku: value }, 1),
      () => carts().getMany([value]),
      () => carts().count(value),
      () => carts().touch(value),
      () => carts().acceptPrices(value),
      () => carts().beginCheckout(value),
      () => carts().commit({ checkoutId: value, orderId: 'o' }),
      () => carts().commit({ checkoutId, orderId: value }),
      () => carts().cancel({ checkoutId: value }),
      () => inventory().receive(value, 1),
      () => inventory().adjust(value, 1),
      () => inventory().untrack(value),
      () => inventory().setBackorder(value, 1),
      () => inventory().drop([value]),
      () => inventory().level(value),
      () => inventory().audit(value),
      () => inventory().setStock(value, 1),
      () => inventory().setPrices(new Map([[value, 1]])),
      () => inventory().levels([value]),
      () => inventory().prices([value]),
    ]);
  });

  it.each(NOT_IDS.filter((value) => value !== undefined).map((value) => [value]))(
    '%p is no operation id',
    async (value) => {
      await expectRefusals('INVALID_ARGUMENT', [
        () => carts().add('c', { sku: 'apple', quantity: 1 }, { opId: value }),
        () => carts().addMany('c', [{ sku: 'apple', quantity: 1 }], { opId: value }),
        () => carts().setQuantity('c', { sku: 'apple' }, 1, { opId: value }),
        () => carts().increment('c', { sku: 'apple' }, 1, { opId: value }),
        () => carts().remove('c', { sku: 'apple' }, 1, { opId: value }),
        () => carts().clear('c', { opId: value }),
        () => carts().merge('c', 'd', { opId: value }),
        () => carts().acceptPrices('c', { opId: value }),
        () => carts().beginCheckout('c', { opId: value }),
        () => inventory().receive('apple', 1, { opId: value }),
      ]);
    },
  );

  it.each([
    ...[null, 'red', 5, [], ['red'], new Date(5), new Map(), () => {}, Symbol('red')],
    ...[{ size: undefined }, { size: () => {} }, { size: Number.NaN }, { size: 5n }, { at: new Date(5) }],
    ...[{ name: 'a\ud800' }, { '\udc00': 1 }, CYCLE],
  ])('%p is no metadata', async (value) => {
    await expectRefusals('INVALID_ARGUMENT', [
      () => carts().add('c', { sku: 'apple', quantity: 1, metadata: value }),
      () => carts().addMany('c', [{ sku: 'apple', quantity: 1, metadata: value }]),
      () => carts().setQuantity('c', { sku: 'apple', metadata: value }, 1),
      () => carts().increment('c', { sku: 'apple', metadata: value }, 1),
      () => carts().remove('c', { sku: 'apple', metadata: value }),
    ]);
  });

  it.each([[null], ['later'], [5]])('%p are no options', async (value) => {
    await expectRefusals('INVALID_ARGUMENT', [
      () => carts().add('c', { sku: 'apple', quantity: 1 }, value),
      () => carts().addMany('c', [{ sku: 'apple', quantity: 1 }], value),
      () => carts().setQuantity('c', { sku: 'apple' }, 1, value),
      () => carts().increment('c', { sku: 'apple' }, 1, value),
      () => carts().remove('c', { sku: 'apple' }, 1, value),
      () => carts().clear('c', value),
      () => carts().merge('c', 'd', value),
      () => carts().acceptPrices('c', value),
      () => carts().beginCheckout('c', value),
      () => carts().commit({ checkoutId, orderId: 'o' }, value),
      () => inventory().receive('apple', 1, value),
      () => inventory().audit('apple', value),
    ]);
  });

  it('choices that do not exist are refused', async () => {
    await expectRefusals('INVALID_ARGUMENT', [
      () => carts().add('c', { sku: 'apple', quantity: 1 }, { onShort: 'some' }),
      () => carts().addMany('c', [{ sku: 'apple', quantity: 1 }], { mode: 'constructor' }),
      () => carts().commit({ checkoutId, orderId: 'o' }, { onShortfall: 'hide' }),
      () => carts().commit({ checkoutId: 'no such form', orderId: 'o' }),
      () => carts().cancel({ checkoutId: 'AAAAAAAAAAAAAAAAAAAAAA.' }),
      () => inventory().audit('apple', { repair: 'yes' }),
      () => carts().addMany('c', []),
      () => carts().addMany('c', 'apple'),
      () => carts().getMany('c'),
      () => carts().setQuantity('c', { lineId: '' }, 1),
      () => carts().remove('c', { lineId: 'x'.repeat(321) }),
    ]);
  });

  it.each([[undefined], [null], ['apple'], [5], [() => {}]])('%p is no line', async (value) => {
    await expectRefusals('INVALID_ARGUMENT', [
      () => carts().addMany('c', [value]),
      () => carts().increment('c', value, 1),
      () => carts().add('c', value),
      () => carts().setQuantity('c', value, 1),
      () => carts().remove('c', value),
    ]);
  });

  it('a cart is not merged into itself, nor by a strategy that does not exist', async () => {
    await expectRefusals('INVALID_ARGUMENT', [
      () => carts().merge('c', 'c'),
      () => carts().merge('c', 'd', { strategy: 'largest' }),
      () => carts().merge('c', 'd', { strategy: 'constructor' }),
      () => carts().merge('c', 'd', { strategy: null }),
    ]);
  });

  it('a price list that is no list is refused', async () => {
    await expectRefusals('INVALID_ARGUMENT', [
      () => inventory().setPrices(null),
      () => inventory().setPrices(undefined),
      () => inventory().setPrices('apple'),
      () => inventory().levels(null),
      () => inventory().levels('apple'),
      () => inventory().prices(5),
    ]);
  });

  it.each(IDS)('%j is an id like any other, of a cart and of a product', async (id) => {
    await shop.inventory.setStock(id, 5);
    await shop.inventory.setPrices(new Map([[id, 3]]));
    expect(await shop.carts.add(id, { sku: id, quantity: 2 })).toMatchObject({ sku: id, quantity: 2 });
    expect(await shop.carts.add(id, { sku: id, quantity: 2 })).toMatchObject({ sku: id, quantity: 4 });
    expect(await shop.carts.setQuantity(id, { sku: id }, 5)).toMatchObject({ sku: id, quantity: 5 });
    await expect(shop.carts.add(id, { sku: id, quantity: 1 })).rejects.toMatchObject({
      details: { sku: id, inCart: 5 },
    });
    expect((await shop.carts.get(id)).lines).toMatchObject([{ sku: id, quantity: 5, unitPrice: 3, subtotal: 15 }]);
    const checkout = await shop.carts.beginCheckout(id, { opId: id });
    expect((await shop.inventory.level(id))?.held).toBe(5);
    expect(await shop.carts.cancel(checkout)).toMatchObject({ released: true });
    expect(await shop.inventory.audit(id)).toMatchObject({ held: 0, drift: 0 });
    expect(await shop.carts.merge(id, `${id.slice(0, 80)}-user`)).toMatchObject({ lines: 1, adjustments: [] });
    expect(await shop.carts.remove(`${id.slice(0, 80)}-user`, { sku: id }, 2)).toMatchObject({ sku: id, quantity: 3 });
    const { checkoutId } = await shop.carts.beginCheckout(`${id.slice(0, 80)}-user`);
    expect(await shop.carts.commit({ checkoutId, orderId: id })).toMatchObject({ orderId: id, shortfall: [] });
    expect(await shop.carts.clear(`${id.slice(0, 80)}-user`)).toMatchObject({ lines: 0 });
    expect((await shop.inventory.levels([id])).get(id)).toMatchObject({ sku: id, onHand: 2, available: 2 });
    expect((await shop.inventory.prices([id])).get(id)).toBe(3);
  });
});

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { CartError } from '../src/index.js';
import { LAYOUTS, outcomeOf, type Shop, snapshot, startShop, unitsOf, until } from './shop.js';

describe.each(LAYOUTS)('what carts can do, in the layout %s', (layout) => {
  let shop: Shop;

  beforeAll(async () => {
    shop = await startShop('functions', { layout });
  });
  afterAll(() => shop?.stop());
  beforeEach(async () => {
    await shop.client.flushAll();
    await shop.inventory.setStock('apple', 10);
    await shop.inventory.setStock('pear', 3);
    await shop.inventory.setPrices({ apple: 199, pear: 250 });
  });

  const apples = (quantity: number) => ({ sku: 'apple', quantity });

  describe('prices', () => {
    it('are those of now and those of adding, until they are accepted', async () => {
      const { version } = await shop.carts.add('c', apples(2));
      await shop.inventory.setPrices({ apple: 150 });
      expect(await shop.carts.get('c')).toMatchObject({
        version,
        total: 300,
        lines: [{ unitPrice: 150, unitPriceAtAdd: 199, priceChanged: true, subtotal: 300 }],
        problems: [{ code: 'PRICE_CHANGED', lineId: 'apple', from: 199, to: 150 }],
      });
      // more of it does not change what the first one cost
      await shop.carts.add('c', apples(1));
      expect((await shop.carts.get('c')).lines[0]?.unitPriceAtAdd).toBe(199);
      const accepted = await shop.carts.acceptPrices('c');
      expect(accepted).toMatchObject({ changed: true });
      expect(accepted.version).toBeGreaterThan(version);
      expect(await shop.carts.acceptPrices('c')).toEqual({
        version: accepted.version,
        changed: false,
        replayed: false,
      });
      expect(await shop.carts.get('c')).toMatchObject({ lines: [{ unitPriceAtAdd: 150 }], problems: [] });
    });

    it('that were not shown are refused', async () => {
      const add = (expectedUnitPrice: number) => shop.carts.add('c', { ...apples(1), expectedUnitPrice });
      await add(199);
      await expect(add(198)).rejects.toMatchObject({
        code: 'PRICE_CHANGED',
        httpStatus: 409,
        details: { sku: 'apple', expected: 198, actual: 199 },
      });
      await shop.inventory.setPrices({ apple: null });
      await expect(add(199)).rejects.toMatchObject({ details: { actual: null } });
      expect(await shop.carts.get('c')).toMatchObject({
        total: null,
        lines: [{ quantity: 1, unitPrice: null, subtotal: null, priceChanged: false }],
        problems: [{ code: 'PRICE_MISSING', lineId: 'apple' }],
      });
    });

    it('of 0 are prices; those of yen and of dinars are whole as well', async () => {
      await shop.inventory.setPrices({ apple: 0 });
      await shop.carts.add('c', apples(3));
      expect(await shop.carts.get('c')).toMatchObject({ total: 0, problems: [] });
    });

    it('are in one currency per cart, until the visitor accepts another', async () => {
      await shop.carts.add('c', apples(1));
      const yen = shop.cartsWith({ currency: 'JPY' });
      await expect(yen.add('c', apples(1))).rejects.toMatchObject({
        code: 'CURRENCY_MISMATCH',
        details: { cart: 'EUR', given: 'JPY' },
      });
      expect(await yen.get('c')).toMatchObject({ currency: 'JPY', total: null, lines: [{ unitPriceAtAdd: null }] });
      await yen.remove('c', { sku: 'pear' });
      await yen.acceptPrices('c');
      expect(await outcomeOf(yen.add('c', apples(1)))).toBe('OK');
      expect(await outcomeOf(shop.carts.add('c', apples(1)))).toBe('CURRENCY_MISMATCH');
      await yen.clear('c');
      expect(await outcomeOf(shop.carts.add('c', apples(1)))).toBe('OK');
    });
  });

  describe('lines', () => {
    it('of one product are told apart by their metadata, in whatever order its keys come', async () => {
      const engraved = { text: 'Ada', size: { w: 1, h: [2, null] } };
      await shop.carts.add('c', { ...apples(1), metadata: engraved });
      const again = await shop.carts.add('c', {
        ...apples(2),
        metadata: { size: { h: [2, null], w: 1 }, text: 'Ada' },
      });
      await shop.carts.add('c', { ...apples(3), metadata: {} });
      await shop.carts.add('c', { ...apples(1), metadata: JSON.parse('{"__proto__":{"x":1},"constructor":2}') });
      const { lines } = await shop.carts.get('c');
      expect(lines.map(({ quantity, metadata }) => [quantity, metadata])).toEqual([
        [3, engraved],
        [3, null],
        [1, JSON.parse('{"__proto__":{"x":1},"constructor":2}')],
      ]);
      expect(lines[1]?.lineId).toBe('apple');
      expect(again).toMatchObject({ sku: 'apple', quantity: 3, lineId: lines[0]?.lineId });
      await shop.carts.setQuantity('c', { lineId: again.lineId }, 1);
      await shop.carts.increment('c', { sku: 'apple', metadata: engraved }, 2);
      expect(await shop.carts.remove('c', { lineId: again.lineId }, 1)).toMatchObject({ quantity: 2, removed: 1 });
      expect(await unitsOf(shop.carts, 'c')).toEqual({ apple: 6 });
    });

    it('of one product together keep to its stock and its limit, on add, set and merge', async () => {
      const size = (name: string) => ({ sku: 'pear', metadata: { size: name } });
      await shop.carts.add('c', { ...size('S'), quantity: 2 });
      await expect(shop.carts.add('c', { ...size('L'), quantity: 2 })).rejects.toMatchObject({
        code: 'OUT_OF_STOCK',
        details: { requested: 2, available: 3, inCart: 2 },
      });
      await shop.carts.add('c', { ...size('L'), quantity: 1 });
      expect(await outcomeOf(shop.carts.setQuantity('c', size('L'), 2))).toBe('OUT_OF_STOCK');
      await shop.carts.add('guest', { sku: 'pear', quantity: 1 });
      expect((await shop.carts.merge('guest', 'c')).adjustments).toMatchObject([
        { lineId: 'pear', wanted: 1, quantity: 0, reason: 'stock' },
      ]);
      const modest = shop.cartsWith({ limits: { perSku: 3 } });
      await modest.add('d', { ...apples(2), metadata: { size: 'S' } });
      await expect(modest.add('d', { ...apples(2) })).rejects.toMatchObject({
        details: { code: 'LIMIT_EXCEEDED', limit: 'perSku', max: 3, requested: 4 },
      });
    });

    it('that are not there cannot be counted up or down, and are removed all the same', async () => {
      const line = { lineId: 'apple' };
      await expect(shop.carts.increment('c', line, 1)).rejects.toMatchObject({
        code: 'LINE_NOT_FOUND',
        httpStatus: 404,
        details: { line: 'apple' },
      });
      expect(await outcomeOf(shop.carts.increment('c', line, -1))).toBe('LINE_NOT_FOUND');
      expect(await outcomeOf(shop.carts.setQuantity('c', line, 1))).toBe('LINE_NOT_FOUND');
      expect(await shop.carts.remove('c', line)).toMatchObject({ removed: 0, changed: false, version: 0 });
      await shop.carts.add('c', apples(2));
      expect(await shop.carts.increment('c', line, -5)).toMatchObject({ quantity: 0, changed: true });
    });

    it('keep to the limits of a cart', async () => {
      const modest = shop.cartsWith({ limits: { perCart: 3, metadataBytes: 20, batch: 2 } });
      await modest.add('c', apples(2));
      const over = (details: object) => ({ code: 'LIMIT_EXCEEDED', httpStatus: 422, details });
      await expect(modest.add('c', { sku: 'pear', quantity: 2 })).rejects.toMatchObject(
        over({ limit: 'perCart', max: 3, requested: 4 }),
      );
      const metadata = { text: 'x'.repeat(9) };
      await modest.add('c', { ...apples(1), metadata });
      await expect(modest.add('c', { ...apples(1), metadata: { text: 'x'.repeat(10) } })).rejects.toMatchObject(
        over({ limit: 'metadataBytes', max: 20, requested: 21 }),
      );
      await expect(modest.addMany('c', [apples(1), apples(1), apples(1)])).rejects.toMatchObject(
        over({ limit: 'batch', max: 2, requested: 3 }),
      );
      await expect(modest.getMany(['a', 'b', 'c'])).rejects.toMatchObject(over({ limit: 'batch' }));
    });

    it('can be added as far as there is', async () => {
      const clamp = { onShort: 'clamp' } as const;
      expect(await shop.carts.add('c', apples(12), clamp)).toMatchObject({ quantity: 10, changed: true });
      expect(await outcomeOf(shop.carts.add('c', apples(1), clamp))).toBe('OUT_OF_STOCK');
      const modest = shop.cartsWith({ limits: { perLine: 2 }, stock: 'reserve-on-add' });
      expect(await modest.add('d', { sku: 'pear', quantity: 9 }, clamp)).toMatchObject({ quantity: 2 });
      expect(await shop.inventory.level('pear')).toMatchObject({ held: 2 });
    });
  });

  describe('many at once', () => {
    const items = [
      apples(2),
      { sku: 'no-such', quantity: 1 },
      { sku: 'pear', quantity: 2 },
      { sku: 'pear', quantity: 2 },
    ];

    it('are added as far as they fit, each with its outcome', async () => {
      const { outcomes, changed, version } = await shop.carts.addMany('c', items, { mode: 'partial' });
      expect({ outcomes, changed }).toEqual({
        changed: true,
        outcomes: [
          { index: 0, sku: 'apple', ok: true, lineId: 'apple', quantity: 2 },
          { index: 1, sku: 'no-such', ok: false, error: { code: 'UNKNOWN_SKU', sku: 'no-such' } },
          { index: 2, sku: 'pear', ok: true, lineId: 'pear', quantity: 2 },
          {
            index: 3,
            sku: 'pear',
            ok: false,
            error: { code: 'OUT_OF_STOCK', sku: 'pear', requested: 2, available: 3, inCart: 2 },
          },
        ],
      });
      const cart = await shop.carts.get('c');
      expect(cart).toMatchObject({ version, itemCount: 4 });
      expect(cart.lines.map(({ lineId }) => lineId)).toEqual(['apple', 'pear']);
    });

    it('or not at all', async () => {
      await shop.carts.add('c', apples(1));
      const before = await snapshot(shop.client);
      await expect(shop.carts.addMany('c', [apples(2), { sku: 'pear', quantity: 4 }])).rejects.toMatchObject({
        code: 'OUT_OF_STOCK',
        details: { sku: 'pear', requested: 4, available: 3 },
      });
      expect(await snapshot(shop.client)).toEqual(before);
      const reserving = shop.cartsWith({ stock: 'reserve-on-add' });
      expect(await outcomeOf(reserving.addMany('c', [apples(2), { sku: 'pear', quantity: 4 }]))).toBe('OUT_OF_STOCK');
      expect(await shop.inventory.level('apple')).toMatchObject({ held: 0 });
    });

    it('are read at once', async () => {
      await shop.carts.add('a', apples(1));
      await shop.carts.add('b', apples(2));
      const carts = await shop.carts.getMany(['b', 'a', 'none', 'b']);
      expect([...carts].map(([id, { itemCount }]) => [id, itemCount])).toEqual([
        ['b', 2],
        ['a', 1],
        ['none', 0],
      ]);
      expect(await shop.carts.getMany([])).toEqual(new Map());
      expect([await shop.carts.count('b'), await shop.carts.count('none')]).toEqual([2, 0]);
    });
  });

  describe('operation ids', () => {
    const operations: Record<string, (opId: string) => Promise<object>> = {
      add: (opId) => shop.carts.add('c', apples(3), { opId }),
      addMany: (opId) => shop.carts.addMany('c', [apples(4), { sku: 'pear', quantity: 3 }], { opId }),
      setQuantity: (opId) => shop.carts.setQuantity('c', { sku: 'apple' }, 9, { opId }),
      increment: (opId) => shop.carts.increment('c', { sku: 'apple' }, 2, { opId }),
      decrement: (opId) => shop.carts.increment('c', { sku: 'apple' }, -1, { opId }),
      remove: (opId) => shop.carts.remove('c', { sku: 'apple' }, 1, { opId }),
      clear: (opId) => shop.carts.clear('c', { opId }),
      acceptPrices: (opId) => shop.carts.acceptPrices('c', { opId }),
    };

    it.each(Object.keys(operations))(
      'make a repeat of %s the same operation, also when it would not fit any more',
      async (name) => {
        await shop.carts.add('c', apples(2));
        await shop.inventory.setPrices({ apple: 100 });
        const operation = operations[name] as (opId: string) => Promise<object>;
        const first = await operation('one');
        await shop.inventory.setStock('apple', 0);
        const before = await snapshot(shop.client);
        expect(await operation('one')).toEqual({ ...first, replayed: true });
        expect(await snapshot(shop.client)).toEqual(before);
        await expect(shop.carts.add('c', { sku: 'pear', quantity: 1 }, { opId: 'one' })).rejects.toMatchObject({
          code: 'IDEMPOTENCY_MISMATCH',
          httpStatus: 422,
          details: { opId: 'one' },
        });
        expect(await snapshot(shop.client)).toEqual(before);
      },
    );

    it('do not remember a refusal, nor for longer than they are told', async () => {
      await shop.inventory.setStock('apple', 1);
      expect(await outcomeOf(shop.carts.add('c', apples(2), { opId: 'x' }))).toBe('OUT_OF_STOCK');
      await shop.inventory.setStock('apple', 9);
      expect(await shop.carts.add('c', apples(2), { opId: 'x' })).toMatchObject({ replayed: false, quantity: 2 });
      const forgetful = shop.cartsWith({ rememberFor: 1 });
      await forgetful.add('d', apples(1), { opId: 'x' });
      await until(async () => (await shop.client.keys('*:op:d:x')).length === 0);
      expect(await forgetful.add('d', apples(1), { opId: 'x' })).toMatchObject({ replayed: false, quantity: 2 });
      // of each cart its own
      expect(await shop.carts.add('e', apples(5), { opId: 'x' })).toMatchObject({ quantity: 5 });
    });
  });

  it('a version is that of one content: also past a clear and an expiry', async () => {
    const { version } = await shop.carts.add('c', apples(1));
    expect(await shop.carts.setQuantity('c', { sku: 'apple' }, 1)).toMatchObject({ version, changed: false });
    expect(await shop.carts.setQuantity('c', { sku: 'pear' }, 0)).toMatchObject({ version, changed: false });
    const { etag, updatedAt } = await shop.carts.get('c');
    expect(etag).toBe(`"${version}"`);
    expect(Math.abs((updatedAt?.getTime() ?? 0) - Date.now())).toBeLessThan(60_000);
    const cleared = await shop.carts.clear('c', { ifVersion: version });
    expect(cleared.version).toBeGreaterThan(version);
    expect((await shop.carts.get('c')).version).toBe(cleared.version);
    const [key = ''] = (await shop.client.keys('rf:*:cart:c')) as string[];
    await shop.client.del(key);
    expect(await shop.carts.get('c')).toMatchObject({ version: 0, etag: '"0"', updatedAt: null, expiresAt: null });
    const again = await shop.carts.add('c', apples(1), { ifVersion: 0 });
    expect(again.version).toBeGreaterThan(cleared.version);
    for (const stale of [0, version, cleared.version]) {
      expect(await outcomeOf(shop.carts.setQuantity('c', { sku: 'apple' }, 2, { ifVersion: stale }))).toBe(
        'VERSION_CONFLICT',
      );
      expect(await outcomeOf(shop.carts.remove('c', { sku: 'apple' }, 1, { ifVersion: stale }))).toBe(
        'VERSION_CONFLICT',
      );
      expect(await outcomeOf(shop.carts.merge('d', 'c', { ifVersion: stale }))).toBe('VERSION_CONFLICT');
    }
  });

  it('a touch keeps a cart, and makes none', async () => {
    expect(await shop.carts.touch('c')).toBe(false);
    expect(await shop.client.keys('rf:*:cart:c')).toEqual([]);
    const { version } = await shop.carts.add('c', apples(1));
    const brief = shop.cartsWith({ idle: '1m' });
    expect(await brief.touch('c')).toBe(true);
    const { expiresAt, version: after } = await shop.carts.get('c');
    expect(after).toBe(version);
    expect((expiresAt?.getTime() ?? 0) - Date.now()).toBeLessThanOrEqual(60_000);
  });

  it('carts that were left are told of once, with what is in them', async () => {
    const carts = shop.cartsWith({ abandoned: { after: 1, events: 5, keep: '1h' } });
    await carts.add('left {behind}', { ...apples(2), metadata: { size: 'L' } });
    await carts.add('emptied', apples(1));
    await carts.clear('emptied');
    await shop.cartsWith({ abandoned: { after: '1h' } }).add('in use', apples(1));
    await until(async () => (await carts.reap()).abandoned === 1);
    expect((await carts.reap()).abandoned).toBe(0);
    const streams = await shop.client.keys('*:events');
    expect(streams).toHaveLength(1);
    const [stream = ''] = streams;
    const [entry] = (await shop.client.xRange(stream, '-', '+')) ?? [];
    const { version } = await carts.get('left {behind}');
    const { lines = '', ...message } = entry?.message ?? {};
    expect(message).toEqual({
      event: 'cart.abandoned',
      cart: 'left {behind}',
      version: String(version),
      currency: 'EUR',
      units: '2',
    });
    expect(JSON.parse(lines)).toEqual([[expect.any(String), 'apple', '2', '199', '{"size":"L"}']]);
    expect(await shop.client.pTTL(stream)).toBeGreaterThan(0);
    // a change begins it anew
    await carts.add('left {behind}', apples(1));
    await until(async () => (await carts.reap()).abandoned === 1);
  });

  describe('the stock', () => {
    it('grows by deliveries and shrinks by breakage, each once, and never below 0', async () => {
      const { inventory } = shop;
      expect(await inventory.receive('new', 5, { opId: 'd' })).toMatchObject({ onHand: 5, available: 5 });
      expect(await inventory.receive('new', 5, { opId: 'd' })).toMatchObject({ onHand: 5 });
      expect(await outcomeOf(inventory.receive('new', 6, { opId: 'd' }))).toBe('IDEMPOTENCY_MISMATCH');
      expect(await inventory.adjust('new', -2)).toMatchObject({ onHand: 3 });
      await expect(inventory.adjust('new', -4)).rejects.toMatchObject({
        code: 'OUT_OF_STOCK',
        details: { sku: 'new', requested: 4, available: 3 },
      });
      expect(await outcomeOf(inventory.adjust('no-such', -1))).toBe('UNKNOWN_SKU');
      await inventory.setStock('full', Number.MAX_SAFE_INTEGER);
      expect(await outcomeOf(inventory.receive('full', 1))).toBe('AMOUNT_OVERFLOW');
      await inventory.untrack('new');
      expect(await outcomeOf(inventory.receive('new', 1))).toBe('NOT_TRACKED');
      await shop.carts.add('c', { sku: 'new', quantity: 9_999 });
      expect((await shop.carts.get('c')).lines[0]?.stock).toEqual({ state: 'untracked', available: null });
      expect(await inventory.level('no-such')).toBeNull();
    });

    it('that nobody listed is refused, or has no end where the shop says so', async () => {
      const generous = shop.cartsWith({ onUnknownSku: 'untracked' });
      await generous.add('c', { sku: 'no-such', quantity: 5 });
      expect((await shop.carts.get('c')).problems).toEqual([
        { code: 'PRICE_MISSING', lineId: 'no-such' },
        { code: 'UNKNOWN_SKU', lineId: 'no-such' },
      ]);
      await shop.inventory.setPrices({ 'no-such': 1 });
      const checkout = await generous.beginCheckout('c');
      expect(await generous.commit({ ...checkout, orderId: 'o' })).toMatchObject({ shortfall: [] });
      expect(await shop.inventory.level('no-such')).toBeNull();
    });

    it('is audited: what was counted as held and is not is put right', async () => {
      const carts = shop.cartsWith({ stock: 'reserve-on-add' });
      await carts.add('a', { sku: 'pear', quantity: 1 });
      await carts.add('b', { sku: 'pear', quantity: 1 });
      const key = layout === 'split' ? 'rf:{main:s:pear}:holds' : 'rf:{main}:holds';
      await shop.client.hSet(key, { 'h:pear': '3', 'c:4:pear:gone': '1:1:0:', 'c:4:pear:odd': 'x' });
      const found = { sku: 'pear', held: 3, sumOfHolds: 2, broken: 2, drift: 1 };
      expect(await shop.inventory.audit('pear')).toEqual(found);
      expect(await shop.inventory.audit('pear', { repair: true })).toEqual(found);
      expect(await shop.inventory.audit('pear')).toEqual({ ...found, held: 2, broken: 0, drift: 0 });
      expect(await shop.inventory.level('pear')).toMatchObject({ held: 2, available: 1 });
    });

    it('gives back the memory of holds that are over, where nobody buys', async () => {
      await shop.cartsWith({ stock: 'reserve-on-add', hold: { cart: 1 } }).add('a', { sku: 'pear', quantity: 2 });
      await until(async () => (await shop.inventory.level('pear'))?.held === 0);
      expect(await shop.inventory.reap(['pear'])).toBe(1);
      expect((await shop.client.keys('*')).filter((key) => /:(holds|due)$/.test(key))).toEqual([]);
    });
  });

  it('keys that hold something else are named, whatever is done', async () => {
    await shop.carts.add('c', apples(1));
    const { checkoutId } = await shop.carts.beginCheckout('c');
    const [holds = ''] = (await shop.client.keys('*:holds')) as string[];
    await shop.client.del(holds);
    await shop.client.set(holds, 'x');
    const before = await snapshot(shop.client);
    const calls = [
      () => shop.cartsWith({ stock: 'reserve-on-add' }).add('c', apples(1)),
      () => shop.carts.get('c'),
      () => shop.carts.commit({ checkoutId, orderId: 'o' }, { onShortfall: 'refuse' }),
      () => shop.inventory.level('apple'),
      () => shop.inventory.adjust('apple', 1),
      () => shop.inventory.audit('apple'),
      () => shop.inventory.setBackorder('apple', 1),
    ];
    for (const call of calls) {
      await expect(call()).rejects.toMatchObject({ code: 'CORRUPT_DATA', httpStatus: 500, details: { key: holds } });
    }
    const { [holds]: _, ...rest } = await snapshot(shop.client);
    const isJournal = (key: string) => key.endsWith(':checkouts');
    expect(Object.keys(rest).filter((key) => !isJournal(key))).toEqual(
      Object.keys(before).filter((key) => key !== holds),
    );
  });

  it('refusals say what to do', async () => {
    const error = (await shop.carts.add('c', apples(11)).catch((thrown) => thrown)) as CartError;
    expect(error.message).toMatch(/The cart can hold 10 at most\.$/);
  });
});

import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { availableServers, type RedisServer, startRedis } from '@redis-functions/testing';
import type { RedisClientType } from 'redis';
import { connect, snapshot } from './shop.js';

const code = readFileSync(new URL('../lua/cart.lua', import.meta.url), 'utf8');
const cases = availableServers().flatMap(({ name, path }) => ([2, 3] as const).map((RESP) => ({ name, path, RESP })));

describe.each(cases)('the functions by name, as from redis-cli, on $name with RESP$RESP', ({ path, RESP }) => {
  let redis: RedisServer;
  let client: RedisClientType;

  const send = (...command: string[]): Promise<unknown> => client.sendCommand(command);
  const call = (name: string, keys: string, ...args: string[]) => run('FCALL', name, keys, args);
  const ask = (name: string, keys: string, ...args: string[]) => run('FCALL_RO', name, keys, args);
  const run = (command: string, name: string, keys: string, args: string[]) => {
    const names = keys.split(' ');
    return send(command, name, String(names.length), ...names, ...args);
  };

  /** The code and what matters most of a change: the quantity, or why not. */
  const change = async (name: string, keys: string, ...args: string[]) => {
    const reply = (await call(name, keys, ...args)) as unknown[];
    return reply.slice(0, reply[0] === 'OK' ? 2 : reply[0] === 'OUT_OF_STOCK' ? 3 : 4);
  };
  /** The code, the total, and per line: product, quantity, unit price, subtotal. */
  const get = async (keys: string) => {
    const reply = (await ask('cart_get', keys)) as unknown[];
    const lines = reply.slice(9).filter((_, i) => [1, 2, 3, 4].includes(i % 12));
    return [reply[0], reply[2], ...lines];
  };

  beforeAll(async () => {
    redis = await startRedis({ server: path });
    client = await connect(redis.url, RESP);
    await send('FUNCTION', 'LOAD', code);
  });
  afterAll(async () => {
    await client?.close();
    await redis?.stop();
  });
  beforeEach(async () => {
    await send('FLUSHALL');
    await send('HSET', 'stock', 'apple', '10', 'pear', '3', 'none-left', '0');
    await send('HSET', 'prices', 'apple', '199', 'pear', '250');
  });

  it('cart_add answers OK and the quantity in the cart, or OUT_OF_STOCK with what there is', async () => {
    expect(await change('cart_add', 'cart stock', 'apple')).toEqual(['OK', 1]);
    expect(await change('cart_add', 'cart stock', 'apple', '9')).toEqual(['OK', 10]);
    expect(await change('cart_add', 'cart stock', 'apple', '1')).toEqual(['OUT_OF_STOCK', 10, 10]);
    expect(await change('cart_add', 'cart stock', 'none-left')).toEqual(['OUT_OF_STOCK', 0, 0]);
    expect(await change('cart_add', 'cart stock', 'no-such')).toEqual(['OUT_OF_STOCK', 0, 0]);
    expect(await change('cart_add', 'cart stock', 'pear', '9007199254740991')).toEqual(['OUT_OF_STOCK', 3, 0]);
  });

  it('cart_unpin lets go only of what is pinned for its own checkout, and ends what stays when a hold ends', async () => {
    const pinned = ['apple', 'cart', '2', 'first', '60000', 'stock=reserve'];
    expect(await change('cart_pin', 'stock holds due', ...pinned)).toMatchObject(['OK', expect.any(Number)]);
    const hold = () => send('HGET', 'holds', 'c:5:apple:cart');
    const end = async () => Number(await send('ZSCORE', 'due', '5:apple:cart'));
    const unpin = (checkout: string, keep: string) =>
      call('cart_unpin', 'stock holds due', 'apple', 'cart', checkout, keep, 'stock=reserve hold=1000');
    const [before, paidBy] = [await hold(), await end()];
    expect(before).toMatch(/^2:\d+:2:first$/);
    expect(await unpin('second', '0')).toEqual(['OK', 0]);
    expect([await hold(), await end()]).toEqual([before, paidBy]);
    expect(await unpin('first', '2')).toEqual(['OK', 1]);
    expect(await hold()).toMatch(/^2:\d+:0:$/);
    expect(await end()).toBeLessThan(paidBy - 50_000);
    expect(await unpin('first', '0')).toEqual(['OK', 0]);
  });

  it('a cart lives as long as its checkout may be paid, whatever is done to it meanwhile', async () => {
    const policy = 'stock=reserve ttl=1000';
    const keys = 'cart stock prices holds due';
    await change('cart_add', keys, 'apple', '1', policy);
    await call('cart_checkout', 'cart checkout stock prices holds due', 'first', '60000', policy);
    expect(await send('HGET', 'cart', 'k')).toMatch(/^first:\d+$/);
    for (const quantity of ['2', '3', '3']) {
      expect(await send('PTTL', 'cart')).toBeGreaterThan(50_000);
      await change('cart_set', keys, 'apple', quantity, policy);
    }
    expect(await send('PTTL', 'cart')).toBeGreaterThan(50_000);

    // what was added meanwhile stays, in a cart like any other
    const paid = ['first', 'order 1', 'report', policy];
    expect(await change('cart_commit', 'cart checkout order stock holds due', ...paid)).toEqual([
      'OK',
      expect.anything(),
    ]);
    expect(await send('HGET', 'cart', 'q:apple')).toMatch(/^2,/);
    expect(await send('HGET', 'cart', 'k')).toBeNull();
    expect(await send('PTTL', 'cart')).toBeLessThanOrEqual(1_000);
  });

  it.each([
    ['cart_add', 'cart stock prices holds due', ['apple', '1', 'stock=reserve']],
    ['cart_add_each', 'stock prices holds due cart', ['stock=reserve', '1', '1', 'apple', 'apple', '1', '', '']],
  ])(
    'for %s a hold that is over counts for nothing, also where more are over than one call sweeps',
    async (name, keys, args) => {
      const others = Array.from({ length: 205 }, (_, n) => `5:apple:other-${n}`);
      const own = '5:apple:cart';
      await send('HSET', 'stock', 'apple', '1000');
      await send('HSET', 'holds', 'h:apple', '210', ...others.flatMap((member) => [`c:${member}`, '1:1:0:']));
      await send('HSET', 'holds', `c:${own}`, '5:1:0:');
      await send('ZADD', 'due', ...others.flatMap((member, n) => [String(n + 1), member]), '300', own);
      expect((await change(name, keys, ...args))[0]).toBe('OK');
      const [quantity, since] = String(await send('HGET', 'holds', `c:${own}`)).split(':');
      expect([quantity, Number(since) > 300]).toEqual(['1', true]);
      await call('cart_sweep', 'holds due', '1000');
      expect(await send('HGET', 'holds', 'h:apple')).toBe('1');
      expect(await send('ZCARD', 'due')).toBe(1);
    },
  );

  it('cart_add tells a product without a level from one that is sold out, where it is asked to', async () => {
    const known = ['1', 'unknown=refuse'];
    expect(await change('cart_add', 'cart stock', 'no-such', ...known)).toEqual(['UNKNOWN_SKU', 0]);
    expect(await change('cart_add', 'cart stock', 'none-left', ...known)).toEqual(['OUT_OF_STOCK', 0, 0]);
    expect(await change('cart_add', 'cart no-key', 'no-such', '4', 'stock=none')).toEqual(['OK', 4]);
  });

  it('cart_set makes the quantity exact, and 0 removes the line', async () => {
    expect(await change('cart_set', 'cart stock', 'apple', '7')).toEqual(['OK', 7]);
    expect(await change('cart_set', 'cart stock', 'apple', '2')).toEqual(['OK', 2]);
    expect(await change('cart_set', 'cart stock', 'apple', '11')).toEqual(['OUT_OF_STOCK', 10, 2]);
    expect(await change('cart_set', 'cart stock', 'apple', '0')).toEqual(['OK', 0]);
    expect(await change('cart_set', 'cart stock', 'no-such', '0')).toEqual(['OK', 0]);
    // it keeps its version, so that nobody takes a later cart for it
    expect(Object.keys(await client.hGetAll('cart'))).toEqual(['v']);
  });

  it('cart_remove takes some or all, and never more than there is', async () => {
    await call('cart_add', 'cart stock', 'apple', '5');
    expect(await change('cart_remove', 'cart', 'apple', '2')).toEqual(['OK', 3]);
    expect(await change('cart_remove', 'cart', 'apple', '9')).toEqual(['OK', 0]);
    expect(await change('cart_remove', 'cart', 'apple', '1')).toEqual(['OK', 0]);
    await call('cart_add', 'cart stock', 'apple', '5');
    expect(await change('cart_remove', 'cart', 'apple')).toEqual(['OK', 0]);
    expect(await change('cart_remove', 'cart', 'apple')).toEqual(['OK', 0]);
  });

  it('cart_get answers the total and flat lines in the order of adding', async () => {
    expect(await get('cart prices')).toEqual(['OK', 0]);
    await call('cart_add', 'cart stock', 'pear', '2');
    await call('cart_add', 'cart stock', 'apple', '3');
    await call('cart_add', 'cart stock', 'pear', '1');
    expect(await get('cart prices')).toEqual(['OK', 1347, 'pear', 3, 250, 750, 'apple', 3, 199, 597]);
  });

  it('cart_get has an empty price, subtotal and total where a price is missing, and 0 where it is 0', async () => {
    await call('cart_add', 'cart stock', 'apple', '2');
    await call('cart_add', 'cart stock', 'pear', '1');
    await send('HDEL', 'prices', 'apple');
    expect(await get('cart prices')).toEqual(['OK', '', 'apple', 2, '', '', 'pear', 1, 250, 250]);
    await send('HSET', 'prices', 'apple', '0');
    expect(await get('cart prices')).toEqual(['OK', 250, 'apple', 2, 0, 0, 'pear', 1, 250, 250]);
  });

  it('cart_get is exact up to 2^53-1, as text where clients would round an integer, and an error above', async () => {
    await send('HSET', 'prices', 'apple', '9007199254740991', 'pear', '1');
    await call('cart_add', 'cart stock', 'apple');
    const line = ['apple', 1, '9007199254740991', '9007199254740991'];
    expect(await get('cart prices')).toEqual(['OK', '9007199254740991', ...line]);
    await call('cart_add', 'cart stock', 'pear');
    await expect(ask('cart_get', 'cart prices')).rejects.toThrow(/^AMOUNT_OVERFLOW /);
    await call('cart_clear', 'cart');
    await call('cart_add', 'cart stock', 'apple', '2');
    await expect(ask('cart_get', 'cart prices')).rejects.toThrow(/^AMOUNT_OVERFLOW /);
  });

  it('cart_add_each adds to many carts one after the other, and says of each what became of it', async () => {
    const adds = [
      ['1', 'apple', 'apple', '6', '', ''],
      ['2', 'pear', 'pear', '1', '', '250'],
      ['1', 'apple', 'apple', '5', '', ''],
      ['2', 'pear', 'pear', '1', '', '1'],
      ['1', 'apple', 'apple', '1', '', ''],
    ];
    const reply = (await call('cart_add_each', 'stock prices cart other', '', '2', ...adds.flat())) as unknown[];
    const outcomes = adds.map((_, i) => reply.slice(1 + 5 * i, 6 + 5 * i));
    expect(outcomes.map(([code, first, , third]) => [code, first, third])).toEqual([
      ['OK', 6, 0],
      ['OK', 1, 0],
      ['OUT_OF_STOCK', 10, 0],
      ['PRICE_CHANGED', 1, ''],
      ['OK', 7, 6],
    ]);
    expect(Number(outcomes[4]?.[2])).toBeGreaterThan(Number(outcomes[0]?.[2]));
    expect(await get('cart prices')).toEqual(['OK', 7 * 199, 'apple', 7, 199, 7 * 199]);
    expect(await get('other prices')).toEqual(['OK', 250, 'pear', 1, 250, 250]);
  });

  it('cart_read says the same as cart_get in texts', async () => {
    await call('cart_add', 'cart stock prices', 'apple', '2');
    await call('cart_add', 'cart stock prices', 'pear', '1', '', 'line', 'ripe', 'meta', '{"ripe":true}');
    const reply = (await ask('cart_read', 'cart prices stock holds due')) as string[];
    expect(reply[3]).toMatch(/^\d{16} 3 2 1 $/);
    expect(reply[5]).toBe(2);
    expect(reply[6]?.split('\n').sort()).toEqual(['apple', 'ripe']);
    expect(JSON.parse(`[${reply[7]}]`)).toHaveLength(6);
    expect(JSON.parse(`[${reply[8]}]`).sort()).toEqual([199, 250]);
    expect(JSON.parse(String(reply[9]))).toEqual({ 's:ripe': 'pear', 'm:ripe': '{"ripe":true}' });
    expect(reply[10]?.split('\n')).toHaveLength(6);
    expect(((await ask('cart_read', 'none prices')) as unknown[]).slice(3)).toEqual(['', '', 0, '', '', '', '']);
  });

  it('cart_get reads the prices of 9000 lines, which is more than one HMGET can take', async () => {
    const skus = Array.from({ length: 9000 }, (_, i) => `sku-${i}`);
    await client.hSet('cart', Object.fromEntries(skus.map((sku, i) => [`q:${sku}`, `1,${i},null`])));
    await client.hSet('prices', Object.fromEntries(skus.map((sku, i) => [sku, i])));
    const reply = await get('cart prices');
    expect(reply.slice(0, 10)).toEqual(['OK', (9000 * 8999) / 2, 'sku-0', 1, 0, 0, 'sku-1', 1, 1, 1]);
    expect(reply.slice(-4)).toEqual(['sku-8999', 1, 8999, 8999]);
    expect(reply.filter((_, i) => i >= 2 && i % 4 === 2)).toEqual(skus);
  });

  it('cart_clear answers how many lines it removed', async () => {
    await call('cart_add', 'cart stock', 'apple');
    await call('cart_add', 'cart stock', 'pear');
    expect(await change('cart_clear', 'cart')).toEqual(['OK', 2]);
    expect(await change('cart_clear', 'cart')).toEqual(['OK', 0]);
  });

  it('cart_merge answers the lines of the source and what did not fit', async () => {
    await call('cart_add', 'guest stock', 'apple', '6');
    await call('cart_add', 'guest stock', 'pear', '2');
    await call('cart_add', 'user stock', 'apple', '7');
    expect(await call('cart_merge', 'guest user stock')).toEqual([
      ...['OK', 2, expect.any(Number)],
      ...['apple', 'apple', 13, 10, 'stock'],
    ]);
    expect(await change('cart_merge', 'guest user stock')).toEqual(['OK', 0]);
    expect(await get('user prices')).toEqual(['OK', 2490, 'pear', 2, 250, 500, 'apple', 10, 199, 1990]);
  });

  it('stock and prices have functions that check what plain HSET does not', async () => {
    expect(await call('cart_stock_set', 'stock', 'apple', '4', 'kiwi', '0')).toEqual(['OK', 2]);
    expect(await ask('cart_stock_get', 'stock', 'kiwi', 'apple', 'no-such')).toEqual(['OK', 0, 4, '']);
    expect(await call('cart_price_set', 'prices', 'kiwi', '9007199254740991')).toEqual(['OK', 1]);
    expect(await ask('cart_price_get', 'prices', 'kiwi', 'no-such')).toEqual(['OK', '9007199254740991', '']);
    await expect(call('cart_price_set', 'prices', 'kiwi', '1', 'apple', '19.99')).rejects.toThrow(/^INVALID_AMOUNT /);
    await expect(call('cart_stock_set', 'stock', 'kiwi', '1', 'apple')).rejects.toThrow(/^INVALID_ARGUMENT /);
    expect(await ask('cart_price_get', 'prices', 'kiwi')).toEqual(['OK', '9007199254740991']);
  });

  it('limits are refusals with the limit, stock first', async () => {
    const policy = ['ttl=60000 per_line=4 lines=1'];
    expect(await change('cart_add', 'cart stock', 'apple', '4', ...policy)).toEqual(['OK', 4]);
    expect(await change('cart_add', 'cart stock', 'apple', '1', ...policy)).toEqual([
      'LIMIT_EXCEEDED',
      'perLine',
      4,
      5,
    ]);
    expect(await change('cart_set', 'cart stock', 'apple', '5', ...policy)).toEqual([
      'LIMIT_EXCEEDED',
      'perLine',
      4,
      5,
    ]);
    expect(await change('cart_add', 'cart stock', 'pear', '1', ...policy)).toEqual(['LIMIT_EXCEEDED', 'lines', 1, 2]);
    expect(await change('cart_add', 'cart stock', 'apple', '99', ...policy)).toEqual(['OUT_OF_STOCK', 10, 4]);
    await send('HSET', 'stock', 'apple', '20000');
    expect(await change('cart_set', 'cart stock', 'apple', '10001')).toEqual([
      'LIMIT_EXCEEDED',
      'perLine',
      10000,
      10001,
    ]);
  });

  describe('amounts', () => {
    const BAD = [
      ...[
        '',
        '-0',
        '-1',
        '1.5',
        '-5',
        'nan',
        '-nan',
        'inf',
        '-inf',
        '1e3',
        '1e400',
        '0x10',
        ' 5',
        '5 ',
        '5\n',
        '\u0663',
      ],
      ...[
        '1_000',
        '1,000',
        '00005',
        '+5',
        'true',
        'null',
        '[]',
        '{}',
        '5\u0000',
        '9007199254740992',
        '9223372036854775808',
      ],
    ];

    it.each(BAD)('%j is refused by name, and changes nothing', async (bad) => {
      await call('cart_add', 'cart stock', 'apple', '2');
      const before = await snapshot(client);
      const refused = { message: expect.stringMatching(/^INVALID_AMOUNT .*Give a whole number from [01] to/) };
      await expect(call('cart_add', 'cart stock', 'apple', bad)).rejects.toMatchObject(refused);
      await expect(call('cart_add', 'other stock', 'apple', bad)).rejects.toMatchObject(refused);
      await expect(call('cart_set', 'cart stock', 'apple', bad)).rejects.toMatchObject(refused);
      await expect(call('cart_remove', 'cart', 'apple', bad)).rejects.toMatchObject(refused);
      await expect(call('cart_stock_set', 'stock', 'apple', bad)).rejects.toMatchObject(refused);
      await expect(call('cart_price_set', 'prices', 'apple', bad)).rejects.toMatchObject(refused);
      expect(await snapshot(client)).toEqual(before);
    });

    it('0 is refused where something is added or taken', async () => {
      await expect(call('cart_add', 'cart stock', 'apple', '0')).rejects.toThrow(/^INVALID_AMOUNT /);
      await expect(call('cart_remove', 'cart', 'apple', '0')).rejects.toThrow(/^INVALID_AMOUNT /);
    });
  });

  it('too few or too many arguments are told with how many there may be', async () => {
    const count = 'cart_count takes 0 argument(s), not 1.';
    await expect(call('cart_count', 'cart', 'x')).rejects.toThrow(`INVALID_ARGUMENT ${count}`);
    await expect(call('cart_add', 'cart stock')).rejects.toThrow(
      'INVALID_ARGUMENT cart_add takes 1 argument(s), not 0.',
    );
  });

  it.each([
    ['cart_add', 'cart', ['apple']],
    ['cart_add', 'cart stock', []],
    ['cart_add', 'cart stock', ['']],
    ['cart_add', 'cart stock', ['apple', '1', 'ttl=0']],
    ['cart_add', 'cart stock', ['apple', '1', 'ttl=1.5']],
    ['cart_add', 'cart stock', ['apple', '1', 'ttl=60000 per_line=0']],
    ['cart_add', 'cart stock', ['apple', '1', 'lines=many']],
    ['cart_add', 'cart stock', ['apple', '1', 'stock=later']],
    ['cart_add', 'cart stock', ['apple', '1', 'tll=5']],
    ['cart_add', 'cart stock', ['apple', '1', 'stock=reserve']],
    ['cart_add', 'cart stock', ['apple', '1', 'ttl=5', 'more']],
    ['cart_add', 'cart stock', ['apple', '1', 'ttl=5', 'more', '1']],
    ['cart_add', 'cart stock prices holds', ['apple']],
    ['cart_set', 'cart stock', []],
    ['cart_remove', 'cart stock', ['apple']],
    ['cart_remove', 'cart', ['apple', 'all', 'ttl=-1']],
    ['cart_get', 'cart prices stock', []],
    ['cart_get', 'cart prices', ['apple']],
    ['cart_clear', 'cart stock', []],
    ['cart_merge', 'cart user', []],
    ['cart_merge', 'cart cart stock', []],
    ['cart_merge', 'cart user stock', ['largest']],
    ['cart_add_many', 'cart stock', ['atomic', '', '0']],
    ['cart_add_many', 'cart stock', ['some', '', '0', 'apple', 'apple', '1', '', '']],
    ['cart_add_many', 'cart stock', ['atomic', '', '0', 'apple', 'apple', '1', '']],
    ['cart_add_each', 'stock prices cart', ['']],
    ['cart_add_each', 'stock prices cart', ['', '1', '1', 'apple', 'apple', '1', '']],
    ['cart_add_each', 'stock prices cart', ['', '1', '2', 'apple', 'apple', '1', '', '']],
    ['cart_add_each', 'stock prices cart', ['', '2', '1', 'apple', 'apple', '1', '', '']],
    ['cart_add_each', 'stock prices cart', ['stock=reserve', '1', '1', 'apple', 'apple', '1', '', '']],
    ['cart_read', 'cart prices stock', []],
    ['cart_checkout', 'cart', ['id', '1000']],
    ['cart_commit', 'cart checkout order', ['id', 'order', 'perhaps']],
    ['cart_stock_set', 'stock', []],
    ['cart_stock_get', 'stock', ['']],
    ['cart_stock_adjust', 'stock', ['apple', '1']],
    ['cart_backorder', 'holds', ['apple']],
    ['cart_sweep', 'holds', ['1']],
  ])('%s with %j and %j is a named misuse that changes nothing', async (name, keys, args) => {
    await call('cart_add', 'cart stock', 'apple', '2');
    const before = await snapshot(client);
    await expect(call(name, keys, ...args)).rejects.toThrow(/^INVALID_ARGUMENT .*\.$/);
    expect(await snapshot(client)).toEqual(before);
  });

  it('a product has 256 bytes at most', async () => {
    await send('HSET', 'stock', 'x'.repeat(256), '1');
    expect(await change('cart_add', 'cart stock', 'x'.repeat(256))).toEqual(['OK', 1]);
    await expect(call('cart_add', 'cart stock', 'x'.repeat(257))).rejects.toThrow(/^INVALID_ARGUMENT /);
    await expect(call('cart_remove', 'cart', '\u20ac'.repeat(86))).rejects.toThrow(/^INVALID_ARGUMENT /);
  });

  describe('keys', () => {
    it('a key of another type is named, and changes nothing', async () => {
      await send('SET', 'text', 'x');
      await call('cart_add', 'cart stock', 'apple');
      const before = await snapshot(client);
      const calls = [
        call('cart_add', 'text stock', 'apple'),
        call('cart_add', 'cart text', 'apple'),
        call('cart_set', 'text stock', 'apple', '0'),
        call('cart_set', 'cart text', 'apple', '2'),
        call('cart_remove', 'text', 'apple'),
        call('cart_remove', 'text', 'apple', '1'),
        call('cart_clear', 'text'),
        call('cart_merge', 'text cart stock'),
        call('cart_merge', 'cart text stock'),
        call('cart_merge', 'cart user text'),
        ask('cart_get', 'text prices'),
        ask('cart_get', 'cart text'),
        call('cart_stock_set', 'text', 'apple', '1'),
        ask('cart_stock_get', 'text', 'apple'),
      ];
      for (const refused of calls) await expect(refused).rejects.toThrow(/^CORRUPT_DATA text is not a hash\. /);
      expect(await snapshot(client)).toEqual(before);
    });

    it.each(['abc', '1.5', '0', '-3', '', '9007199254740992'])('a quantity of %j in a cart is named', async (bad) => {
      await call('cart_add', 'cart stock', 'pear');
      await send('HSET', 'cart', 'q:apple', bad);
      const before = await snapshot(client);
      const calls = [
        call('cart_add', 'cart stock', 'apple'),
        call('cart_set', 'cart stock', 'apple', '2'),
        call('cart_remove', 'cart', 'apple', '1'),
        ask('cart_get', 'cart prices'),
        call('cart_merge', 'cart user stock'),
        call('cart_merge', 'user cart stock'),
      ];
      for (const refused of calls) await expect(refused).rejects.toThrow(/^CORRUPT_DATA cart .*"apple"/);
      expect(await snapshot(client)).toEqual(before);
      expect(await change('cart_remove', 'cart', 'apple')).toEqual(['OK', 0]);
      expect(await get('cart prices')).toEqual(['OK', 250, 'pear', 1, 250, 250]);
    });

    it('what is in an error is on one line and printable', async () => {
      await send('HSET', 'cart', 'q:a\r\nb\u001b[31m\u0000', 'x\ny');
      await expect(ask('cart_get', 'cart prices')).rejects.toThrow(
        /^CORRUPT_DATA cart has "x\?y" .*"a\?\?b\?\[31m\?"\. Remove/,
      );
      await expect(call('cart_add', 'cart stock', 'a', 'x\ny')).rejects.toThrow(/^INVALID_AMOUNT "x\?y" is not/);
    });

    it('stock that is not a whole number is named; below 0 it counts as none', async () => {
      await send('HSET', 'stock', 'apple', '1.5');
      await expect(call('cart_add', 'cart stock', 'apple')).rejects.toThrow(
        /^CORRUPT_DATA stock has "1.5" for "apple"/,
      );
      await send('HSET', 'stock', 'apple', '-4');
      expect(await change('cart_add', 'cart stock', 'apple')).toEqual(['OUT_OF_STOCK', 0, 0]);
      expect(await ask('cart_stock_get', 'stock', 'apple')).toEqual(['OK', -4]);
    });

    it.each(['19.99', '-5', 'abc', '9007199254740992', ''])('a price of %j is named', async (bad) => {
      await call('cart_add', 'cart stock', 'apple');
      await send('HSET', 'prices', 'apple', bad);
      await expect(ask('cart_get', 'cart prices')).rejects.toThrow(/^CORRUPT_DATA prices has .* for "apple"/);
    });

    it('the functions touch no key but those they are given', async () => {
      await send(
        'ACL',
        'SETUSER',
        'clerk',
        'on',
        '>secret',
        '+@all',
        'resetkeys',
        '~cart',
        '~stock',
        '~prices',
        '~user',
      );
      const clerk = client.duplicate({ username: 'clerk', password: 'secret' });
      await clerk.connect();
      try {
        const as = (...command: string[]) => clerk.sendCommand(command);
        expect(await as('FCALL', 'cart_add', '2', 'cart', 'stock', 'apple', '2')).toMatchObject({ 0: 'OK', 1: 2 });
        expect(await as('FCALL', 'cart_set', '2', 'cart', 'stock', 'apple', '3')).toMatchObject({ 0: 'OK', 1: 3 });
        expect(await as('FCALL', 'cart_remove', '1', 'cart', 'apple', '1')).toMatchObject({ 0: 'OK', 1: 2 });
        expect(await as('FCALL_RO', 'cart_get', '2', 'cart', 'prices')).toHaveLength(9 + 12);
        expect(await as('FCALL', 'cart_merge', '3', 'cart', 'user', 'stock')).toMatchObject({ 0: 'OK', 1: 1 });
        expect(await as('FCALL', 'cart_clear', '1', 'user')).toMatchObject({ 0: 'OK', 1: 1 });
        await expect(as('FCALL', 'cart_add', '2', 'another', 'stock', 'apple')).rejects.toThrow(
          /NOPERM|ACL|permission/,
        );
      } finally {
        await clerk.close();
      }
    });

    it('a cart expires, and every change gives it its time again; stock and prices do not expire', async () => {
      await call('cart_add', 'cart stock', 'apple', '5');
      expect(await ttl('cart')).toBeCloseTo(86_400_000, -4);
      await call('cart_add', 'cart stock', 'apple', '1', 'ttl=10000');
      expect(await ttl('cart')).toBeCloseTo(10_000, -4);
      const changes: [string, string, ...string[]][] = [
        ['cart_add', 'cart stock', 'pear'],
        ['cart_set', 'cart stock', 'apple', '2'],
        ['cart_set', 'cart stock', 'pear', '0'],
        ['cart_remove', 'cart', 'apple', '1'],
        ['cart_merge', 'guest cart stock'],
      ];
      for (const change of changes) {
        await call('cart_add', 'guest stock', 'pear');
        await send('PERSIST', 'cart');
        await call(...change);
        expect(await ttl('cart')).toBeCloseTo(86_400_000, -4);
      }
      await call('cart_stock_set', 'stock', 'apple', '2');
      await call('cart_price_set', 'prices', 'apple', '2');
      expect([await ttl('stock'), await ttl('prices')]).toEqual([-1, -1]);
    });

    const ttl = async (key: string) => Number(await send('PTTL', key));
  });

  it('carts can be read and emptied when the memory is full', async () => {
    await call('cart_add', 'cart stock', 'apple', '5');
    await call('cart_add', 'cart stock', 'pear');
    await send('CONFIG', 'SET', 'maxmemory', '1');
    try {
      await expect(call('cart_add', 'cart stock', 'apple')).rejects.toThrow(/^OOM /);
      expect(await get('cart prices')).toHaveLength(10);
      expect(await call('cart_get', 'cart prices')).toHaveLength(9 + 24);
      expect(await change('cart_remove', 'cart', 'apple', '2')).toEqual(['OK', 3]);
      expect(await change('cart_remove', 'cart', 'apple')).toEqual(['OK', 0]);
      expect(await change('cart_clear', 'cart')).toEqual(['OK', 1]);
    } finally {
      await send('CONFIG', 'SET', 'maxmemory', '0');
    }
  });

  it('functions that write are not callable as readers', async () => {
    await expect(ask('cart_add', 'cart stock', 'apple')).rejects.toThrow('write flag');
  });
});

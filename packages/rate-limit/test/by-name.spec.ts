import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { RedisFunctions } from '@redis-functions/core';
import { type RedisServer, startReplicated } from '@redis-functions/testing';
import { createClient } from 'redis';
import { rateLimiterLibrary } from '../src/index.js';
import { CASES, eventually, type Limits, startLimits } from './limits.js';

/** What people type into redis-cli, and what was wrong with the published versions of these functions. */
describe.each(CASES)('the functions of the guide on $name as $mode', (server) => {
  let limits: Limits;
  beforeAll(async () => {
    limits = await startLimits(server);
    await limits.call('get_rate_limit_status', ['warm'], 1, 1);
  });
  afterAll(() => limits.stop());
  beforeEach(() => limits.client.flushAll());

  const check = (bucket: string, ...args: (string | number)[]) => limits.call('check_rate_limit', [bucket], ...args);
  const status = (bucket: string, ...args: (string | number)[]) =>
    limits.functions.callReadOnly('get_rate_limit_status', [bucket], args);

  it('let a full bucket pass its capacity, then say how long to wait', async () => {
    expect(await check('bucket', 3, 0.1)).toEqual([1, 2, 0, 10_000]);
    expect(await check('bucket', 3, '0.1', 2)).toEqual([1, 0, 0, expect.any(Number)]);
    const [allowed, left, retryMs, fullMs] = (await check('bucket', 3, 0.1)) as number[];
    expect([allowed, left]).toEqual([0, 0]);
    expect(retryMs).toBeGreaterThan(9_000);
    expect(retryMs).toBeLessThanOrEqual(10_000);
    expect(fullMs).toBeGreaterThan(29_000);
  });

  it('answer the whole reply, and the status without charging', async () => {
    await check('bucket', 10, 1, 4);
    const before = await limits.snapshot();
    expect(await status('bucket', 10, 1)).toEqual([6, 10, expect.any(Number)]);
    expect(await status('other', 10, 1)).toEqual([10, 10, 0]);
    expect(await limits.snapshot()).toEqual(before);
  });

  it('do not refill a slow bucket because its key expired', async () => {
    for (let i = 0; i < 5; i++) expect(await check('slow', 5, 0.001)).toMatchObject({ 0: 1 });
    // 5 tokens at one per 1000 s: not the hour of the published version
    expect(await limits.client.pTTL('slow')).toBeGreaterThan(4_990_000);
    expect(await limits.client.pTTL('slow')).toBeLessThanOrEqual(5_000_002);
    const [allowed, , retryMs, fullMs] = (await check('slow', 5, 0.001)) as number[];
    expect(allowed).toBe(0);
    expect(retryMs).toBeGreaterThan(990_000);
    expect(fullMs).toBeGreaterThan(4_990_000);
  });

  it('forget a bucket when it is full, and not before', async () => {
    const started = performance.now();
    expect(await check('quick', 2, 10, 2)).toMatchObject({ 0: 1 });
    await eventually(
      () => limits.client.exists('quick'),
      (exists) => exists === 0,
    );
    expect(performance.now() - started).toBeGreaterThanOrEqual(199);
  });

  it('come to exactly the capacity for rates that no microsecond fits', async () => {
    for (const [capacity, refill] of [
      [3, 3],
      [7, 7],
      [11, 0.000007],
      [1_000_003, 1_000_003],
    ] as const) {
      const bucket = `thirds:${capacity}`;
      expect(await check(bucket, capacity, refill.toFixed(6), capacity - 1)).toMatchObject({ 0: 1, 1: 1 });
      expect(await check(bucket, capacity, refill.toFixed(6))).toMatchObject({ 0: 1 });
    }
  });

  it('let 200 at once pass exactly the capacity', async () => {
    const replies = (await Promise.all(Array.from({ length: 200 }, () => check('burst', 37, 0.001)))) as number[][];
    expect(replies.filter(([allowed]) => allowed === 1)).toHaveLength(37);
  });

  it('write nothing for a refusal', async () => {
    await check('bucket', 5, 0.01, 4);
    const before = await limits.snapshot();
    expect(await check('bucket', 5, 0.01, 2)).toMatchObject({ 0: 0, 1: 1 });
    expect(await limits.snapshot()).toEqual(before);
  });

  it('keep what is used when the capacity changes', async () => {
    await check('bucket', 10, 0.01, 4);
    expect(await status('bucket', 20, 0.01)).toMatchObject({ 0: 16 });
    expect(await status('bucket', 5, 0.01)).toMatchObject({ 0: 1 });
    // 4 were used, and 3 is all that there is now: what is used is waited for
    const [left, capacity, fullMs] = (await status('bucket', 3, 0.01)) as number[];
    expect([left, capacity]).toEqual([0, 3]);
    expect(fullMs).toBeGreaterThan(390_000);
    const [allowed, , retryMs = 0, laterMs = 0] = (await check('bucket', 3, 0.01)) as number[];
    expect([allowed, laterMs - retryMs]).toEqual([0, 200_000]);
  });

  it.each(['-1', '0', '1.5', '1e3', '0x10', ' 5 ', 'nan', 'inf', '', '007', '+5', '9007199254740992', '9'.repeat(40)])(
    'refuse the amount "%s" by name, before anything is written',
    async (amount) => {
      for (const args of [
        [amount, '1', '1'],
        ['5', '1', amount],
      ]) {
        await expect(check('bucket', ...args)).rejects.toMatchObject({ code: 'INVALID_AMOUNT' });
      }
      await expect(status('bucket', amount, '1')).rejects.toMatchObject({ code: 'INVALID_AMOUNT' });
      expect(await limits.client.dbSize()).toBe(0);
    },
  );

  it.each(['-1', '0', '0.0', '.5', '5.', '1e3', '0x10', ' 5 ', 'nan', 'inf', '', '0.0000001', '1.5.5', '9'.repeat(40)])(
    'refuse the refill "%s" by name',
    async (refill) => {
      await expect(check('bucket', 5, refill)).rejects.toMatchObject({ code: 'INVALID_AMOUNT' });
      expect(await limits.client.dbSize()).toBe(0);
    },
  );

  it('refuse what could never pass, and what would take longer than a life', async () => {
    await expect(check('bucket', 5, 1, 6)).rejects.toMatchObject({ code: 'COST_ABOVE_CAPACITY' });
    await expect(check('bucket', '9007199254740991', '0.000001')).rejects.toMatchObject({ code: 'INVALID_AMOUNT' });
    await expect(limits.call('check_rate_limit', [], 5, 1)).rejects.toMatchObject({ code: 'MISSING_KEY' });
    await expect(limits.call('check_rate_limit', ['a', 'b'], 5, 1)).rejects.toMatchObject({ code: 'MISSING_KEY' });
    await expect(check('bucket')).rejects.toMatchObject({ code: 'INVALID_AMOUNT' });
    expect(await limits.client.dbSize()).toBe(0);
  });

  it('do not take somebody else’s key for a bucket, and leave it as it is', async () => {
    await limits.client.set('text', 'hello');
    await limits.client.hSet('hash', 'field', 'value');
    await expect(check('text', 5, 1)).rejects.toMatchObject({ code: 'INVALID_STATE' });
    await expect(check('hash', 5, 1)).rejects.toMatchObject({ code: 'WRONGTYPE' });
    expect(await limits.client.get('text')).toBe('hello');
    expect(await limits.client.pTTL('text')).toBe(-1);
    for (const key of ['text', 'hash']) {
      for (const [algorithm, ...second] of [['tb'], ['fw'], ['fa'], ['sw'], ['sl', 'log']] as const) {
        const call = limits.call('ratelimiter_consume', [key, ...second], algorithm, 5, 1_000, 1);
        // a log's first key is only looked at, so a hash there is left alone and not minded
        if (key === 'hash' && algorithm === 'sl') expect(await call).toMatchObject({ 0: 1 });
        else await expect(call).rejects.toMatchObject({ code: 'INVALID_STATE' });
      }
    }
    await expect(limits.call('ratelimiter_consume', ['x', 'text'], 'sl', 5, 1_000, 1)).rejects.toMatchObject({
      code: 'WRONGTYPE',
    });
    expect(await limits.client.hGetAll('hash')).toEqual({ field: 'value' });
  });

  it('touch no key that was not declared', async () => {
    await limits.client.sendCommand([
      'ACL',
      'SETUSER',
      'narrow',
      'on',
      'nopass',
      'resetkeys',
      '~mine',
      '~mine:*',
      '+@all',
    ]);
    const narrow = createClient({ url: limits.redis.url, username: 'narrow', password: 'any' });
    await narrow.connect();
    const functions = new RedisFunctions({ client: narrow, libraries: [rateLimiterLibrary], mode: server.mode });
    expect(await functions.call('check_rate_limit', ['mine'], [5, 1])).toMatchObject({ 0: 1 });
    expect(await functions.callReadOnly('get_rate_limit_status', ['mine'], [5, 1])).toMatchObject({ 0: 4 });
    const keys = ['mine:1', 'mine:2', 'mine:3', 'mine:4', 'mine:5'];
    const policies = ['tb', 'fw', 'sw', 'sl'].flatMap((algorithm) => [algorithm, 2, 1_000, 1]);
    for (const allowed of [1, 1, 0]) {
      expect(await functions.call('ratelimiter_consume', keys, policies)).toMatchObject({ 0: allowed });
    }
    expect(await functions.callReadOnly('ratelimiter_peek', keys, policies)).toMatchObject({ 0: 0 });
    expect(await functions.call('ratelimiter_reset', keys)).toBe(4);
    await expect(functions.call('check_rate_limit', ['yours'], [5, 1])).rejects.toThrow(/NOPERM|permission|access/);
    await narrow.close();
  });

  it.each([
    [[], [], 'MISSING_KEY'],
    [['a'], [], 'INVALID_POLICY'],
    [['a'], ['tb', 5, 1_000], 'INVALID_POLICY'],
    [['a', 'b'], ['tb', 5, 1_000, 1], 'INVALID_POLICY'],
    [['a', 'a'], ['tb', 5, 1_000, 1, 'tb', 5, 1_000, 1], 'DUPLICATE_KEY'],
    [['a'], ['xx', 5, 1_000, 1], 'INVALID_POLICY'],
    [['a'], ['tb', 0, 1_000, 1], 'INVALID_AMOUNT'],
    [['a'], ['fw', 5, 0, 1], 'INVALID_AMOUNT'],
    [['a'], ['fw', 5, '1.5', 1], 'INVALID_AMOUNT'],
    [['a'], ['fw', 5, '3155760000001', 1], 'INVALID_AMOUNT'],
    [['a'], ['sw', 5, 1_000, 'nan'], 'INVALID_AMOUNT'],
    [['a', 'b', 'c'], ['tb', 5, 1_000, 1, 'sl', 5, 1_000, 6], 'COST_ABOVE_CAPACITY'],
  ] as const)('refuse the call %j %j as %s, before anything is written', async (keys, args, code) => {
    for (const name of ['ratelimiter_consume', 'ratelimiter_peek']) {
      await expect(limits.call(name, [...keys], ...args)).rejects.toMatchObject({ code });
    }
    expect(await limits.client.dbSize()).toBe(0);
  });
});

describe('the functions on a connection of either protocol', () => {
  it.each([2, 3] as const)('answer the same in RESP%i, called as redis-cli does', async (RESP) => {
    const limits = await startLimits();
    await limits.functions.deploy();
    const client = createClient({ url: limits.redis.url, RESP });
    await client.connect();
    expect(await client.sendCommand(['FCALL', 'check_rate_limit', '1', 'bucket', '5', '0.5', '2'])).toEqual([
      1, 3, 0, 4_000,
    ]);
    expect(await client.sendCommand(['FCALL_RO', 'get_rate_limit_status', '1', 'other', '5', '0.5'])).toEqual([
      5, 5, 0,
    ]);
    expect(await client.sendCommand(['FCALL', 'ratelimiter_consume', '1', 'window', 'fw', '5', '60000', '2'])).toEqual([
      1, 0, 3, 0, 60_000,
    ]);
    await client.close();
    await limits.stop();
  });
});

describe('a replica', () => {
  it('says what is left, and is not asked to charge', async () => {
    const group = await startReplicated({ replicas: 1 });
    try {
      const functions = new RedisFunctions({ url: group.primary.url, libraries: [rateLimiterLibrary] });
      await functions.deploy({ replicas: 1 });
      expect(await functions.call('check_rate_limit', ['bucket'], [10, 0.01, 4])).toMatchObject({ 0: 1, 1: 6 });
      expect(await functions.call('ratelimiter_consume', ['plain'], ['tb', 10, 10_000_000, 3])).toMatchObject({ 0: 1 });
      const replica = group.replicas[0] as RedisServer;
      const onReplica = (name: string, key: string, ...args: string[]) =>
        replica.command('FCALL_RO', name, '1', key, ...args);
      await eventually(
        () => replica.command('EXISTS', 'bucket', 'plain'),
        (count) => count === 2,
      );
      expect(await onReplica('get_rate_limit_status', 'bucket', '10', '0.01')).toMatchObject({ 0: 6, 1: 10 });
      expect(await onReplica('ratelimiter_peek', 'plain', 'tb', '10', '10000000', '1')).toMatchObject({ 0: 1, 2: 7 });
      await expect(replica.command('FCALL', 'check_rate_limit', '1', 'bucket', '10', '1')).rejects.toThrow('READONLY');
      await functions.close();
    } finally {
      await group.stop();
    }
  });
});

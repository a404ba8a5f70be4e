import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { RedisFunctions } from '@redis-functions/core';
import { type RedisServer, startRedis } from '@redis-functions/testing';
import { createClient } from 'redis';
import { RateLimiter, type RateLimiterOptions } from '../src/index.js';
import { eventually } from './limits.js';

const policies = [{ limit: 5, window: '1h' }];

describe('a RateLimiter without its Redis', () => {
  const ends: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });

  async function start(port?: number): Promise<RedisServer> {
    const redis = await startRedis(port === undefined ? {} : { port });
    ends.push(() => redis.stop());
    return redis;
  }
  function limiter(options: RateLimiterOptions): RateLimiter {
    const made = new RateLimiter({ policies, ...options });
    ends.push(() => made.close());
    return made;
  }
  /** What it answers, and how long it took. */
  async function timed<T>(work: () => Promise<T>) {
    const started = performance.now();
    const result = await work();
    return { result, ms: performance.now() - started };
  }

  it('decides in process from the first moment, where nothing listens', async () => {
    const errors: Error[] = [];
    const limits = limiter({ url: 'redis://127.0.0.1:1', startupMs: 20_000, onError: (error) => errors.push(error) });
    const { result, ms } = await timed(() => limits.consume('ada'));
    expect(result).toMatchObject({ allowed: true, remaining: 4, source: 'local' });
    // the failed attempt ends the wait for the first connection, long before its time is over
    expect(ms).toBeLessThan(10_000);
    for (let i = 0; i < 4; i++) expect(await limits.consume('ada')).toMatchObject({ allowed: true });
    expect(await limits.consume('ada')).toMatchObject({ allowed: false, retryAfterMs: expect.any(Number) });
    expect(await limits.peek('ada')).toMatchObject({ allowed: false, source: 'local' });
    expect(await limits.consume('bob')).toMatchObject({ allowed: true, remaining: 4 });
    expect(errors).toHaveLength(8);
    expect(errors[0]).toMatchObject({ code: 'DEADLINE_EXCEEDED', message: expect.stringContaining('127.0.0.1:1') });
  });

  it('does not leave the first requests uncounted while the connection is on its way', async () => {
    const redis = await start();
    redis.pause();
    const limits = limiter({ url: redis.url, startupMs: 10_000, deadlineMs: 1_000 });
    const deciding = Promise.all(Array.from({ length: 20 }, () => limits.consume('ada')));
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    redis.resume();
    const decisions = await deciding;
    expect(decisions.map(({ source }) => source)).toEqual(new Array(20).fill('redis'));
    expect(decisions.filter(({ allowed }) => allowed)).toHaveLength(5);
  });

  it('goes on in process when the server dies, and back to it when it returns', async () => {
    const redis = await start();
    const limits = limiter({ url: redis.url, deadlineMs: 250, startupMs: 10_000, onError: () => {} });
    expect(await limits.consume('ada', { cost: 3 })).toMatchObject({ remaining: 2, source: 'redis' });
    await redis.kill();
    for (let i = 0; i < 5; i++) {
      const { result, ms } = await timed(() => limits.consume('ada'));
      expect(result).toMatchObject({ allowed: true, source: 'local' });
      expect(ms).toBeLessThan(2_000);
    }
    expect(await limits.consume('ada')).toMatchObject({ allowed: false, source: 'local' });

    const again = await start(redis.port);
    await eventually(
      () => limits.consume('probe', { cost: 1 }),
      ({ source }) => source === 'redis',
    );
    // a server without the library: brought there again. What was decided in process meanwhile is not charged late
    expect(await limits.consume('ada')).toMatchObject({ allowed: true, remaining: 4, source: 'redis' });
    expect(await again.command('KEYS', 'rl:*')).toHaveLength(2);
  });

  it('answers by its deadline while the server is frozen, and says which one it is', async () => {
    const redis = await start();
    const limits = limiter({ url: redis.url, onError: () => {} });
    await limits.ready();
    await limits.consume('ada');
    redis.pause();
    const { result, ms } = await timed(() => Promise.all(Array.from({ length: 50 }, () => limits.consume('ada'))));
    redis.resume();
    expect(result.every(({ source }) => source === 'local')).toBe(true);
    expect(result.filter(({ allowed }) => allowed)).toHaveLength(5);
    expect(ms).toBeGreaterThan(45);
    expect(ms).toBeLessThan(2_000);
  });

  it('has the deadline of a decision also on a connection whose other calls may take long', async () => {
    const redis = await start();
    const client = createClient({ url: redis.url });
    await client.connect();
    ends.push(async () => client.destroy());
    const functions = new RedisFunctions({ client, deadlineMs: 10_000 });
    const limits = limiter({ functions, deadlineMs: 20, onError: () => {} });
    await limits.ready();
    await limits.consume('ada');
    redis.pause();
    const { result, ms } = await timed(() => limits.consume('ada'));
    redis.resume();
    expect(result.source).toBe('local');
    expect(ms).toBeLessThan(2_000);
  });

  it.each([
    ['allow', { allowed: true, remaining: 5, retryAfterMs: 0 }],
    ['deny', { allowed: false, remaining: 0, retryAfterMs: 1_000 }],
  ] as const)('says %s to everything, where it was told to', async (onUnavailable, expected) => {
    const limits = limiter({ url: 'redis://127.0.0.1:1', onUnavailable, onError: () => {} });
    for (let i = 0; i < 10; i++) {
      expect(await limits.consume('ada')).toMatchObject({ ...expected, source: 'unavailable', policy: '1h' });
    }
  });

  it('decides in process too where the server refuses: over its memory, or without permission', async () => {
    const redis = await start();
    const errors: Error[] = [];
    const limits = limiter({ url: redis.url, onError: (error) => errors.push(error) });
    await limits.ready();
    await redis.command('CONFIG', 'SET', 'maxmemory', '1');
    expect(await limits.consume('ada')).toMatchObject({ source: 'local', remaining: 4 });
    await redis.command('CONFIG', 'SET', 'maxmemory', '0');
    await redis.command('SET', 'rl:{eve}:1h:tb', 'not a bucket');
    expect(await limits.consume('eve')).toMatchObject({ source: 'local' });
    await redis.command('ACL', 'SETUSER', 'default', '-@scripting');
    expect(await limits.consume('ada')).toMatchObject({ source: 'local', remaining: 3 });
    expect(errors).toMatchObject([{ code: 'OOM' }, { code: 'INVALID_STATE' }, { code: 'NOPERM' }]);
  });

  it('says at a reset that Redis has not forgotten', async () => {
    const redis = await start();
    const client = createClient({ url: redis.url });
    await client.connect();
    const functions = new RedisFunctions({ client, deadlineMs: 1_000 });
    const limits = limiter({ functions, onError: () => {} });
    await limits.ready();
    client.destroy();
    for (let i = 0; i < 6; i++) await limits.consume('ada');
    await expect(limits.reset('ada')).rejects.toMatchObject({ name: 'UnavailableError' });
    await expect(limits.ready()).rejects.toMatchObject({ name: 'UnavailableError' });
    expect(await limits.consume('ada')).toMatchObject({ source: 'local', allowed: true });
  });

  it('warns the process once per outage where nobody listens, and survives a listener that throws', async () => {
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
    ends.push(async () => warn.mockRestore());
    const silent = limiter({ url: 'redis://127.0.0.1:1', startupMs: 0, deadlineMs: 5 });
    for (let i = 0; i < 5; i++) await silent.consume('ada');
    const throwing = limiter({
      url: 'redis://127.0.0.1:1',
      startupMs: 0,
      deadlineMs: 5,
      onError: () => {
        throw new Error('a listener');
      },
    });
    expect(await throwing.consume('ada')).toMatchObject({ source: 'local' });
    expect(warn.mock.calls).toEqual([
      [expect.stringContaining('127.0.0.1:1'), expect.objectContaining({ code: 'RATE_LIMIT_WITHOUT_REDIS' })],
      [expect.stringContaining('a listener'), expect.objectContaining({ code: 'RATE_LIMIT_LISTENER' })],
    ]);
  });

  it('opens one connection for all limiters of a URL, and closes it with the last of them', async () => {
    const redis = await start();
    const [first, second] = [limiter({ url: redis.url }), limiter({ url: redis.url, prefix: 'other' })];
    await Promise.all([first.consume('ada'), second.consume('ada')]);
    const connections = async () =>
      String(await redis.command('CLIENT', 'LIST')).split('name=redis-functions').length - 1;
    expect(await connections()).toBe(1);
    await first.close();
    await first.close();
    expect(await second.consume('ada')).toMatchObject({ source: 'redis' });
    await second.close();
    await eventually(connections, (count) => count === 0);
  });

  it('leaves a client open that it was given', async () => {
    const redis = await start();
    const client = createClient({ url: redis.url });
    await client.connect();
    ends.push(() => client.close());
    const limits = limiter({ client });
    await limits.consume('ada');
    await limits.close();
    expect(await client.ping()).toBe('PONG');
  });

  it('holds no more counters in process than it may', async () => {
    const limits = limiter({
      url: 'redis://127.0.0.1:1',
      startupMs: 0,
      deadlineMs: 1,
      localCapacity: 100,
      onError: () => {},
    });
    const consume = (key: string) => limits.consume(key, { cost: 5 });
    await consume('first');
    expect(await consume('first')).toMatchObject({ allowed: false });
    await Promise.all(Array.from({ length: 200 }, (_, index) => consume(`client ${index}`)));
    expect(await consume('client 199')).toMatchObject({ allowed: false });
    expect(await consume('first')).toMatchObject({ allowed: true });
  });
});

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { type RedisServer, startRedis } from '@redis-functions/testing';
import express, { type Express } from 'express';
import { type Options, rateLimit, type Store } from 'express-rate-limit';
import { createClient } from 'redis';
import request from 'supertest';
import { RateLimitStore, type RateLimitStoreOptions } from '../src/index.js';
import { answeringErrors, eventually } from './limited-apps.js';

describe('RateLimitStore under express-rate-limit', () => {
  let redis: RedisServer;
  const ends: (() => unknown)[] = [];
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());
  beforeEach(() => redis.command('FLUSHALL'));
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });

  function makeStore(options: RateLimitStoreOptions = {}): RateLimitStore {
    const server = options.client || options.functions ? {} : { url: redis.url };
    const store = new RateLimitStore({ ...server, deadlineMs: 5_000, ...options });
    ends.push(() => store.shutdown());
    return store;
  }
  /** An application with the limit of express-rate-limit, whose complaints fail the test. */
  function appWith(store: Store, options: Partial<Options> = {}): Express {
    const logger = { error: jest.fn(), warn: jest.fn() };
    if (!options.logger) {
      ends.push(() => {
        expect(logger.error).not.toHaveBeenCalled();
        expect(logger.warn).not.toHaveBeenCalled();
      });
    }
    const app = express();
    app.use(rateLimit({ windowMs: 60_000, limit: 3, standardHeaders: 'draft-7', logger, store, ...options }));
    app.get('/:status', (req, res) => void res.status(Number(req.params.status)).json(req.rateLimit));
    return answeringErrors(app);
  }
  const statuses = async (app: Express, times: number, path = '/200') => {
    const all: number[] = [];
    for (let i = 0; i < times; i++) all.push((await request(app).get(path)).status);
    return all;
  };

  it('counts to the limit and refuses then, exactly also for 60 at once', async () => {
    const app = appWith(makeStore());
    const first = await request(app).get('/200').expect(200);
    expect(first.headers['ratelimit']).toBe('limit=3, remaining=2, reset=60');
    expect(await statuses(app, 3)).toEqual([200, 200, 429]);

    const many = appWith(makeStore({ prefix: 'many' }), { limit: 17 }).listen(0);
    ends.push(() => many.close());
    const all = await Promise.all(Array.from({ length: 60 }, async () => (await request(many).get('/200')).status));
    expect(all.filter((status) => status === 200)).toHaveLength(17);
    expect(all.filter((status) => status === 429)).toHaveLength(43);
  });

  it('shares its counts with other processes, and starts afresh when the window ends', async () => {
    const options = { windowMs: 700 };
    const apps = [appWith(makeStore(), options), appWith(makeStore(), options)] as const;
    const started = performance.now();
    const counted = [...(await statuses(apps[0], 2)), ...(await statuses(apps[1], 2))];
    // a machine that was slow has seen the next window
    if (performance.now() - started < 700) expect(counted).toEqual([200, 200, 200, 429]);
    await eventually(
      async () => (await redis.command('KEYS', 'rl:store*')) as string[],
      (keys) => keys.length === 0,
    );
    expect(await statuses(apps[1], 1)).toEqual([200]);
  });

  it('says when the window ends: where it began, and not with each request', async () => {
    const store = makeStore();
    store.init({ windowMs: 60_000 });
    const before = Date.now();
    const first = await store.increment('ada');
    const after = Date.now();
    expect(first.totalHits).toBe(1);
    expect(first.resetTime?.getTime()).toBeGreaterThanOrEqual(before + 59_990);
    expect(first.resetTime?.getTime()).toBeLessThanOrEqual(after + 60_010);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const second = await store.increment('ada');
    expect(second.totalHits).toBe(2);
    expect(Math.abs(Number(second.resetTime) - Number(first.resetTime))).toBeLessThan(50);
    expect(await store.get('ada')).toMatchObject({ totalHits: 2 });
  });

  it('knows nothing of a client that it has not counted, nor of one that was forgotten', async () => {
    const store = makeStore();
    store.init({ windowMs: 60_000 });
    expect(await store.get('nobody')).toBeUndefined();
    await store.increment('ada');
    await store.resetKey('ada');
    expect(await store.get('ada')).toBeUndefined();
  });

  it('takes back what is not to count, and nothing after the window, nor below nothing', async () => {
    const store = makeStore();
    store.init({ windowMs: 300 });
    await store.increment('ada');
    await eventually(
      () => store.get('ada'),
      (hits) => hits === undefined,
    );
    await store.decrement('ada');
    await store.decrement('nobody');
    // the old key lives a ms longer than its window
    await eventually(
      () => redis.command('KEYS', 'rl:store*'),
      (keys) => (keys as string[]).length === 0,
    );
    expect(await store.increment('ada')).toMatchObject({ totalHits: 1 });
    for (let i = 0; i < 3; i++) await store.decrement('ada');
    expect(await store.increment('ada')).toMatchObject({ totalHits: 1 });
    for (const key of (await redis.command('KEYS', 'rl:store*')) as string[]) {
      expect(Number(await redis.command('PTTL', key))).toBeGreaterThan(0);
    }
  });

  it('works with skipFailedRequests and skipSuccessfulRequests', async () => {
    const store = makeStore({ prefix: 'failed' });
    const app = appWith(store, { skipFailedRequests: true });
    for (let i = 0; i < 6; i++) {
      await request(app).get('/500').expect(500);
      await eventually(
        () => store.get('127.0.0.1'),
        (hits) => hits === undefined,
      );
    }
    expect(await statuses(app, 4)).toEqual([200, 200, 200, 429]);
    const logins = makeStore({ prefix: 'logins' });
    const loginApp = appWith(logins, { skipSuccessfulRequests: true });
    for (let i = 0; i < 5; i++) {
      await request(loginApp).get('/200').expect(200);
      await eventually(
        () => logins.get('127.0.0.1'),
        (hits) => hits === undefined,
      );
    }
  });

  it('resets and shows a client through the middleware', async () => {
    const store = makeStore();
    const middleware = rateLimit({ windowMs: 60_000, limit: 3, store });
    const app = express().use(middleware);
    await request(app).get('/').expect(404);
    expect(await middleware.getKey('127.0.0.1')).toMatchObject({ totalHits: 1 });
    await store.resetKey('127.0.0.1');
    expect(await middleware.getKey('127.0.0.1')).toBeUndefined();
  });

  it('keeps clients apart whatever they are called, and counts those without a name together', async () => {
    const store = makeStore();
    store.init({ windowMs: 60_000 });
    const names = ['a', '{a}', 'a}', ' a', 'a:60s', '\u0000', '\ud83d\ude00', 'x'.repeat(100_000)];
    for (const name of names) expect(await store.increment(name)).toMatchObject({ totalHits: 1 });
    expect(await store.increment('')).toMatchObject({ totalHits: 1 });
    expect(await store.increment(undefined as never)).toMatchObject({ totalHits: 2 });
    const keys = (await redis.command('KEYS', '*')) as string[];
    expect(keys.filter((key) => key.startsWith('rl:store:{'))).toHaveLength(names.length + 1);
  });

  it('uses a client of the application, and leaves it open', async () => {
    const client = createClient({ url: redis.url });
    await client.connect();
    const store = makeStore({ client });
    expect(await statuses(appWith(store), 4)).toEqual([200, 200, 200, 429]);
    await store.shutdown();
    expect(await client.ping()).toBe('PONG');
    await client.close();
  });

  describe('without its Redis', () => {
    const quietly = () => {
      const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
      ends.push(() => warn.mockRestore());
      return { error: jest.fn(), warn: jest.fn() };
    };

    it('counts by itself from the start, and in Redis as soon as it is there, without a restart', async () => {
      const logger = quietly();
      const port = await freePort();
      const app = appWith(makeStore({ url: `redis://127.0.0.1:${port}`, deadlineMs: 100 }), { limit: 2, logger });
      expect(await statuses(app, 3)).toEqual([200, 200, 429]);
      const late = await startRedis({ port });
      ends.push(() => late.stop());
      await eventually(
        async () => {
          await request(app).get('/200');
          return (await late.command('KEYS', 'rl:store*')) as string[];
        },
        (keys) => keys.length === 1,
      );
      expect(await statuses(app, 3)).toContain(429);
      expect(logger.error).not.toHaveBeenCalled();
    });

    it('rejects in bounded time where it is told to, and passOnStoreError decides', async () => {
      const logger = quietly();
      const store = (name: string) =>
        makeStore({ url: 'redis://127.0.0.1:1', deadlineMs: 100, prefix: name, onUnavailable: 'reject' });
      const open = appWith(store('open'), { limit: 1, passOnStoreError: true, logger });
      const closed = appWith(store('closed'), { limit: 1, logger });
      const started = performance.now();
      expect(await statuses(open, 5)).toEqual([200, 200, 200, 200, 200]);
      expect(await statuses(closed, 5)).toEqual([500, 500, 500, 500, 500]);
      expect(performance.now() - started).toBeLessThan(5_000);
      const direct = store('direct');
      direct.init({ windowMs: 60_000 });
      await expect(direct.increment('ada')).rejects.toMatchObject({ code: 'NOT_CONNECTED', cause: expect.any(Error) });
    });

    it('goes on while Redis is killed and comes back', async () => {
      const logger = quietly();
      let server = await startRedis();
      ends.push(() => server.stop());
      const store = makeStore({ url: server.url, deadlineMs: 200 });
      const app = appWith(store, { limit: 100, logger });
      await request(app).get('/200').expect(200);
      await server.kill();
      expect(await statuses(app, 3)).toEqual([200, 200, 200]);
      server = await startRedis({ port: server.port });
      await eventually(
        async () => {
          await request(app).get('/200').expect(200);
          return (await server.command('KEYS', 'rl:store*')) as string[];
        },
        (keys) => keys.length === 1,
      );
    });
  });

  it('refuses wrong options, and says what was forgotten', async () => {
    expect(() => new RateLimitStore({ onUnavailable: 'allow' as never })).toThrow(/'local' or 'reject'/);
    expect(() => new RateLimitStore({ url: redis.url, client: {} as never })).toThrow(/exactly one/);
    expect(() => new RateLimitStore({ prefix: 'a{b}' })).toThrow(/prefix/);
    const store = makeStore();
    expect(() => store.init({ windowMs: -1 })).toThrow(/windowMs is -1/);
    await expect(store.increment('ada')).rejects.toThrow(/init\(\)/);
  });
});

async function freePort(): Promise<number> {
  const server = await startRedis();
  await server.stop();
  return server.port;
}

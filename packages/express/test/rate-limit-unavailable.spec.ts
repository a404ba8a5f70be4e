import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { type RedisServer, startRedis } from '@redis-functions/testing';
import express, { type Express } from 'express';
import request from 'supertest';
import { type RateLimitOptions, rateLimit } from '../src/index.js';

describe('rateLimit() without its Redis', () => {
  const ends: (() => unknown)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });

  function appWith(options: RateLimitOptions): Express {
    const middleware = rateLimit({ limit: 3, window: '1h', ...options });
    ends.push(() => middleware.close());
    const app = express();
    app.use(middleware);
    app.get('/', (req, res) => void res.json(req.rateLimit?.source));
    return app;
  }
  function listen(): { warn: jest.SpiedFunction<typeof process.emitWarning>; rejected: jest.Mock } {
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const rejected = jest.fn();
    process.on('unhandledRejection', rejected);
    ends.push(
      () => warn.mockRestore(),
      () => process.off('unhandledRejection', rejected),
    );
    return { warn, rejected };
  }
  const sourcesAndStatuses = async (app: Express, times: number) => {
    const responses = [];
    for (let i = 0; i < times; i++) responses.push(await request(app).get('/'));
    return responses.map(({ status, body }) => (status === 200 ? body : status));
  };

  it('limits from the start, though nothing listens, and says so once', async () => {
    const { warn, rejected } = listen();
    const started = performance.now();
    const app = appWith({ url: 'redis://127.0.0.1:1' });
    expect(await sourcesAndStatuses(app, 5)).toEqual(['local', 'local', 'local', 429, 429]);
    expect(performance.now() - started).toBeLessThan(2_000);
    const refused = await request(app).get('/').expect(429);
    expect(refused.headers['ratelimit']).toMatch(/^"1h";r=0;t=\d+$/);
    expect(refused.headers['retry-after']).toBe('1200');
    expect(warn.mock.calls.map(([, options]) => options)).toEqual([
      { type: 'RateLimitWarning', code: 'RATE_LIMIT_WITHOUT_REDIS' },
    ]);
    expect(rejected).not.toHaveBeenCalled();
  });

  it.each([
    ['allow', 200, undefined],
    ['deny', 503, '1'],
  ] as const)(
    'says %s to everything with status %i, where it was told to',
    async (onUnavailable, status, retryAfter) => {
      listen();
      const app = appWith({ url: 'redis://127.0.0.1:1', onUnavailable });
      for (let i = 0; i < 5; i++) {
        const response = await request(app).get('/').expect(status);
        expect(response.headers['retry-after']).toBe(retryAfter);
        expect(response.headers['ratelimit']).toBeUndefined();
      }
    },
  );

  it('goes on while the server dies, is frozen and comes back, and no request waits long', async () => {
    const { rejected } = listen();
    let redis: RedisServer = await startRedis();
    ends.push(() => redis.stop());
    const app = appWith({ url: redis.url, deadlineMs: 250, startupMs: 10_000 });
    expect(await sourcesAndStatuses(app, 1)).toEqual(['redis']);

    redis.pause();
    let started = performance.now();
    expect(await sourcesAndStatuses(app, 1)).toEqual(['local']);
    expect(performance.now() - started).toBeLessThan(2_000);
    redis.resume();

    await redis.kill();
    started = performance.now();
    expect(await sourcesAndStatuses(app, 3)).toEqual(['local', 'local', 429]);
    expect(performance.now() - started).toBeLessThan(3_000);

    redis = await startRedis({ port: redis.port });
    const givesUpAt = performance.now() + 10_000;
    for (let source: unknown; source !== 'redis'; ) {
      [source] = await sourcesAndStatuses(app, 1);
      if (performance.now() > givesUpAt) throw new Error('Redis is not used again');
    }
    expect(rejected).not.toHaveBeenCalled();
  });
});

import { describe, expect, it } from '@jest/globals';
import { RateLimiter } from '@redis-functions/rate-limit';
import express, { type Express, type Request } from 'express';
import { createClient } from 'redis';
import request from 'supertest';
import { type RateLimitOptions, rateLimit } from '../src/index.js';
import { limitedApps } from './limited-apps.js';

describe('rateLimit()', () => {
  const { redis, limited, appWith, warnings, warningTexts } = limitedApps();

  it('works without a word: 100 at once per client, refilled at 10 per second, in Redis', async () => {
    const middleware = limited();
    await middleware.limiter.ready();
    const app = appWith(middleware);
    const first = await request(app).get('/').expect(200);
    expect(first.body).toMatchObject({
      allowed: true,
      limit: 100,
      remaining: 99,
      source: 'redis',
      key: '127.0.0.1',
      used: 1,
    });
    expect(first.headers).toMatchObject({
      'ratelimit-policy': '"default";q=100;w=10',
      ratelimit: '"default";r=99;t=1',
    });
    expect(first.headers['x-ratelimit-limit']).toBeUndefined();
    expect(first.headers['retry-after']).toBeUndefined();

    await middleware.limiter.consume('127.0.0.1', { cost: 95 });
    let refused = first;
    for (let i = 0; i < 20 && refused.status === 200; i++) refused = await request(app).get('/');
    expect(refused.status).toBe(429);
    expect(refused.text).toBe('Too many requests. Try again in 1 second.');
    expect(refused.headers).toMatchObject({
      'retry-after': '1',
      'ratelimit-policy': '"default";q=100;w=10',
      ratelimit: '"default";r=0;t=1',
      'content-type': expect.stringContaining('text/plain'),
    });
    expect(await redis().command('KEYS', 'rl:*')).toEqual(['rl:express:{127.0.0.1}:default:tb']);
    expect(Number(await redis().command('PTTL', 'rl:express:{127.0.0.1}:default:tb'))).toBeGreaterThan(9_000);
  });

  it('refuses with a Retry-After that is enough, and then lets pass', async () => {
    const middleware = limited({ limit: 2, windowMs: 1_500, algorithm: 'fixed-window' });
    const app = appWith(middleware);
    const started = performance.now();
    await request(app).get('/').expect(200);
    await request(app).get('/').expect(200);
    const refused = await request(app).get('/').expect(429);
    const seconds = Number(refused.headers['retry-after']);
    expect(seconds).toBeGreaterThanOrEqual(1);
    expect(seconds * 1_000).toBeGreaterThanOrEqual(1_500 - (performance.now() - started));
    // the wait itself is the rate-limit package's: here, that it is this one
    await middleware.resetKey('::ffff:127.0.0.1');
    await request(app).get('/').expect(200);
  });

  it('takes a window of a minute for a limit that names none', async () => {
    const { headers } = await request(appWith(limited({ limit: 5 }))).get('/');
    expect(headers['ratelimit-policy']).toBe('"1m";q=5;w=60');
  });

  it('limits by what keyGenerator says, also under its other name, and by the address where it says nothing', async () => {
    const app = appWith(limited({ limit: 1, window: '1m', keyGenerator: (req) => req.get('x-user') }));
    await request(app).get('/').set('x-user', 'ada').expect(200);
    await request(app).get('/').set('x-user', 'ada').expect(429);
    await request(app).get('/').set('x-user', 'bob').expect(200);
    expect(warnings()).toEqual([]);
    expect((await request(app).get('/').expect(200)).body).toMatchObject({ key: '127.0.0.1' });
    await request(app).get('/').set('x-user', '').expect(429);
    expect(warnings()).toEqual(['RATE_LIMIT_NO_KEY']);

    const byNumber = appWith(limited({ limit: 1, name: 'numbers', key: async () => 42 }));
    expect((await request(byNumber).get('/').expect(200)).body).toMatchObject({ key: '42' });
  });

  it('asks several policies together, with one list in the headers', async () => {
    const app = appWith(
      limited({
        policies: [
          { name: 'burst', limit: 2, window: '1m' },
          { name: 'daily', limit: 1_000, window: '1d', algorithm: 'sliding-window' },
        ],
      }),
    );
    await request(app).get('/').expect(200);
    await request(app).get('/').expect(200);
    const { headers } = await request(app).get('/').expect(429);
    expect(headers['ratelimit-policy']).toBe('"burst";q=2;w=60, "daily";q=1000;w=86400');
    expect(headers['ratelimit']).toMatch(/^"burst";r=0;t=30, "daily";r=998;t=\d+$/);
    expect(headers['retry-after']).toBe('30');
  });

  it('takes a limit and a cost that depend on the request', async () => {
    const app = appWith(
      limited({
        limit: (req) => (req.get('x-plan') === 'pro' ? 100 : 10),
        window: '1h',
        cost: async (req) => Number(req.get('x-cost') ?? 1),
        keyGenerator: (req) => req.get('x-plan') ?? 'free',
      }),
    );
    expect((await request(app).get('/').set('x-cost', '4')).body).toMatchObject({ limit: 10, remaining: 6 });
    expect((await request(app).get('/').set('x-plan', 'pro')).body).toMatchObject({ limit: 100, remaining: 99 });
    const never = await request(app).get('/').set('x-cost', '11').expect(429);
    expect(never.text).toBe('This request asks for more than the limit of 10 ever allows.');
    expect(never.headers['retry-after']).toBeUndefined();
    expect(never.headers['ratelimit']).toMatch(/^"1h";r=6;/);
    expect(warnings()).toEqual(['RATE_LIMIT_COST_ABOVE_CAPACITY']);
    await request(app)
      .get('/')
      .set('x-cost', 'soon')
      .expect(500, /cost is NaN/);
  });

  it('skips, answers and names things as it is told', async () => {
    const app = appWith(
      limited({
        limit: 1,
        window: '1m',
        skip: async (req) => req.path === '/health',
        message: { error: 'slow down' },
        statusCode: 420,
        requestPropertyName: 'quota',
        identifier: (req) => `for "${req.method}" \u00e9`,
        legacyHeaders: true,
        standardHeaders: 'draft-8',
      }),
    );
    for (let i = 0; i < 3; i++) {
      const skipped = await request(app).get('/health').expect(200);
      expect(skipped.headers['ratelimit']).toBeUndefined();
    }
    expect((await request(app).get('/').expect(200)).body).toEqual({ none: true });
    const refused = await request(app).get('/').expect(420);
    expect(refused.body).toEqual({ error: 'slow down' });
    expect(refused.headers['ratelimit-policy']).toBe('"for \\"GET\\" ?";q=1;w=60');
    expect(refused.headers).toMatchObject({ 'x-ratelimit-limit': '1', 'x-ratelimit-remaining': '0' });
    expect(Number(refused.headers['x-ratelimit-reset'])).toBeGreaterThan(Date.now() / 1_000 + 50);
  });

  it('hands a refusal to the handler, with the headers in place', async () => {
    const middleware = limited({
      limit: 1,
      window: '1m',
      message: (req: Request) => `wait, ${req.method}`,
      handler: (req, res, _next, { statusCode, message, info }) =>
        res.status(statusCode).json({ message, wait: info.retryAfterMs > 0, same: req.rateLimit === info }),
    });
    await request(appWith(middleware)).get('/').expect(200);
    const refused = await request(appWith(middleware)).get('/').expect(429);
    expect(refused.body).toEqual({ message: 'wait, GET', wait: true, same: true });
    expect(refused.headers['retry-after']).toBe('60');
  });

  it.each([
    ['draft-6', { 'ratelimit-limit': '9', 'ratelimit-remaining': '8', 'ratelimit-policy': '9;w=60' }],
    [true, { 'ratelimit-limit': '9', 'ratelimit-remaining': '8', 'ratelimit-policy': '9;w=60' }],
    ['draft-7', { ratelimit: 'limit=9, remaining=8, reset=7', 'ratelimit-policy': '9;w=60' }],
    ['draft-8', { ratelimit: '"1m";r=8;t=7', 'ratelimit-policy': '"1m";q=9;w=60' }],
    ['draft-11', { ratelimit: '"1m";r=8;t=7', 'ratelimit-policy': '"1m";q=9;w=60' }],
  ] as const)('writes the headers of %s', async (standardHeaders, expected) => {
    const { headers } = await request(appWith(limited({ limit: 9, window: '1m', standardHeaders }))).get('/');
    expect(headers).toMatchObject(expected);
  });

  it('leaves the headers out where it is told to, but for Retry-After', async () => {
    const app = appWith(limited({ limit: 1, window: '1m', standardHeaders: false }));
    await request(app).get('/').expect(200);
    const { headers } = await request(app).get('/').expect(429);
    expect(Object.keys(headers).filter((name) => /ratelimit|retry/.test(name))).toEqual(['retry-after']);
  });

  it('lists a wide and a narrow limit of one request together, and counts them apart', async () => {
    const app = express();
    app.use(limited({ limit: 100, window: '1m', name: 'app' }));
    app.post('/login', limited({ limit: 1, window: '1m', name: 'login' }), (_req, res) => void res.send('in'));
    const passed = await request(app).post('/login').expect(200);
    expect(passed.headers['ratelimit']).toMatch(/^"app";r=99;t=1, "login";r=0;t=60$/);
    const refused = await request(app).post('/login').expect(429);
    expect(refused.headers['ratelimit']).toMatch(/^"app";r=98;t=\d, "login";r=0;t=60$/);
    expect(warnings()).toEqual([]);
  });

  it('says when two middlewares count together without having been told to', async () => {
    limited({ limit: 5, window: '2m' });
    limited({ limit: 7, window: '120s' });
    limited({ limit: 7, window: '120s' });
    expect(warnings()).toEqual(['RATE_LIMIT_SHARED_COUNTER']);
    expect(warningTexts()[0]).toContain('name');
  });

  it('counts with a limiter that it was given, and leaves it and its client open', async () => {
    const client = createClient({ url: redis().url });
    await client.connect();
    const limiter = new RateLimiter({
      client,
      deadlineMs: 5_000,
      policies: [{ name: 'mine', limit: 2, window: '1m' }],
    });
    const middleware = limited({ limiter });
    expect((await request(appWith(middleware)).get('/')).body).toMatchObject({ policy: 'mine', remaining: 1 });
    await middleware.close();
    expect(await limiter.consume('127.0.0.1')).toMatchObject({ remaining: 0, source: 'redis' });
    const onClient = limited({ client, limit: 3 });
    expect((await request(appWith(onClient)).get('/')).body).toMatchObject({ policy: '1m', remaining: 2 });
    await onClient.close();
    expect(await client.ping()).toBe('PONG');
    await client.close();
  });

  it('lets exactly the limit of 200 at once pass', async () => {
    const app = appWith(limited({ limit: 23, window: '1h' }));
    const server = app.listen(0);
    const statuses = await Promise.all(
      Array.from({ length: 200 }, async () => (await request(server).get('/')).status),
    );
    server.close();
    expect(statuses.filter((status) => status === 200)).toHaveLength(23);
    expect(statuses.filter((status) => status === 429)).toHaveLength(177);
  });

  it('hands what a function of the user throws to the error handler', async () => {
    const fail = () => {
      throw new Error('mine');
    };
    for (const [index, options] of [
      { skip: fail },
      { keyGenerator: fail },
      { cost: fail },
      { limit: fail },
    ].entries()) {
      await request(appWith(limited({ name: `fails-${index}`, ...options })))
        .get('/')
        .expect(500, 'mine');
    }
    const app = appWith(limited({ name: 'handler', limit: 1, handler: async () => fail() }));
    await request(app).get('/').expect(200);
    await request(app).get('/').expect(500, 'mine');
    await request(appWith(limited({ name: 'no-limit', limit: () => 0 })))
      .get('/')
      .expect(500, /limit is 0/);
  });

  describe('behind a proxy', () => {
    const forwarded = (app: Express, value: string) => request(app).get('/').set('x-forwarded-for', value);

    it('says once that it takes all clients for one, where the proxy is not trusted', async () => {
      const app = appWith(limited({ limit: 2 }));
      await forwarded(app, '203.0.113.7').expect(200);
      await forwarded(app, '203.0.113.8').expect(200);
      await forwarded(app, '203.0.113.9').expect(429);
      expect(warnings()).toEqual(['RATE_LIMIT_IGNORES_PROXY']);
      expect(warningTexts()[0]).toContain('trust proxy');
    });

    it('says once that anybody can pose as anybody, where everything is trusted', async () => {
      const app = appWith(limited({ limit: 1 }));
      app.set('trust proxy', true);
      await forwarded(app, '203.0.113.7').expect(200);
      await forwarded(app, '203.0.113.8').expect(200);
      expect(warnings()).toEqual(['RATE_LIMIT_TRUSTS_EVERYBODY']);
    });

    it('tells clients apart by the address that the proxy saw, and subnets by their first 56 bits', async () => {
      const app = appWith(limited({ limit: 1 }));
      app.set('trust proxy', 1);
      await forwarded(app, '203.0.113.7').expect(200);
      await forwarded(app, '::ffff:203.0.113.7').expect(429);
      await forwarded(app, 'spoofed, 203.0.113.8').expect(200);
      await forwarded(app, '1.1.1.1, 203.0.113.8').expect(429);
      await forwarded(app, '2001:db8:0:1200::1').expect(200);
      await forwarded(app, '2001:db8:0:12ff:ffff::9').expect(429);
      await forwarded(app, '2001:db8:0:1300::1').expect(200);
      expect(warnings()).toEqual([]);
      const narrow = appWith(limited({ limit: 1, name: 'narrow', ipv6Subnet: 64 }));
      narrow.set('trust proxy', 1);
      await forwarded(narrow, '2001:db8:0:1200::1').expect(200);
      await forwarded(narrow, '2001:db8:0:1201::1').expect(200);
      await forwarded(narrow, '2001:db8:0:1201:9::1').expect(429);
    });

    it('lets nobody out of the limit, nor out of its keys, by what stands in X-Forwarded-For', async () => {
      const app = appWith(limited({ limit: 3 }));
      app.set('trust proxy', 1);
      const hostile = [
        '',
        ' ',
        'localhost',
        '256.256.256.256',
        '{a}',
        'rl:x',
        '<script>',
        '%00',
        '1.2.3',
        'x'.repeat(4_000),
      ];
      const statuses: number[] = [];
      for (const value of hostile) statuses.push((await forwarded(app, value)).status);
      expect(statuses.filter((status) => status === 200)).toHaveLength(3);
      expect(statuses.filter((status) => status === 429)).toHaveLength(hostile.length - 3);
      expect(await redis().command('KEYS', '*1m*')).toEqual(['rl:express:{127.0.0.1}:1m:tb']);
    });
  });

  it.each<[string, object]>([
    ['max', { max: 5 }],
    ['limits', { limits: 5 }],
    ['limit', { limit: 0 }],
    ['limit', { limit: '5' }],
    ['limit', { limit: Number.NaN }],
    ['window', { limit: 5, window: 'soon' }],
    ['window', { limit: 5, windowMs: 0 }],
    ['windowMs', { limit: 5, window: '1m', windowMs: 60_000 }],
    ['limit', { limit: 5, policies: [{ limit: 5, window: '1m' }] }],
    ['policies', { policies: [] }],
    ['policies[0].window', { policies: [{ limit: 5 }] }],
    ['name', { name: 'a b' }],
    ['algorithm', { algorithm: 'magic', limit: 5 }],
    ['cost', { cost: 0 }],
    ['cost', { cost: 101 }],
    ['skip', { skip: true }],
    ['handler', { handler: 'no' }],
    ['keyGenerator', { keyGenerator: 'ip' }],
    ['keyGenerator', { key: () => 'a', keyGenerator: () => 'b' }],
    ['statusCode', { statusCode: 200 }],
    ['ipv6Subnet', { ipv6Subnet: 31 }],
    ['ipv6Subnet', { ipv6Subnet: 56.5 }],
    ['standardHeaders', { standardHeaders: 'draft-9000' }],
    ['requestPropertyName', { requestPropertyName: '' }],
    [
      'identifier',
      {
        identifier: 'x',
        policies: [
          { limit: 5, window: '1m' },
          { limit: 5, window: '1h' },
        ],
      },
    ],
    ['identifier', { identifier: 5 }],
    ['onUnavailable', { onUnavailable: 'explode' }],
    ['deadlineMs', { deadlineMs: -1 }],
    ['url', { url: 'localhost:6379' }],
    ['options', null as never],
  ])('refuses at creation, naming %s: %j', (field, options) => {
    expect(() => rateLimit(options as RateLimitOptions)).toThrow(expect.objectContaining({ field }));
  });

  it('refuses options that belong to the limiter, beside a limiter', () => {
    const limiter = new RateLimiter({ url: redis().url });
    expect(() => rateLimit({ limiter, prefix: 'x' })).toThrow('limiter and prefix are both given');
  });
});

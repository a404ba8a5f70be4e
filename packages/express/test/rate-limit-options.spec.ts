import { describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { type RateLimitOptions, rateLimit } from '../src/index.js';
import { limitedApps } from './limited-apps.js';

describe('the options of rateLimit()', () => {
  const { redis, limited, appWith } = limitedApps();

  it('policies may depend on the request, and a list that comes again is not read again', async () => {
    const plans = {
      free: [{ name: 'free', limit: 1, window: '1m' }],
      pro: [
        { name: 'pro', limit: 50, window: '1m' },
        { name: 'daily', limit: 1_000, window: '1d' },
      ],
    };
    const middleware = limited({
      policies: async (req) => (req.get('x-plan') === 'pro' ? plans.pro : plans.free),
    });
    const app = appWith(middleware);
    const pro = await request(app).get('/').set('x-plan', 'pro').expect(200);
    expect(pro.headers['ratelimit-policy']).toBe('"pro";q=50;w=60, "daily";q=1000;w=86400');
    await request(app).get('/').expect(200);
    const refused = await request(app).get('/').expect(429);
    expect(refused.headers['ratelimit-policy']).toBe('"free";q=1;w=60');
    (plans.free[0] as { limit: number }).limit = 5;
    await request(app).get('/').expect(429);

    await middleware.resetKey('127.0.0.1');
    expect(await redis().command('KEYS', 'rl:*')).toEqual([]);
    await request(app).get('/').expect(200);
  });

  it('policies that a function makes up anew count on, and are errors where they are wrong', async () => {
    let limit = 2;
    const app = appWith(limited({ policies: () => [{ name: 'fresh', limit, window: '1m' }] }));
    for (const status of [200, 200, 429]) await request(app).get('/').expect(status);
    limit = Number.NaN;
    await request(app)
      .get('/')
      .expect(500, /limit is NaN/);
  });

  it('a shadow policy counts, and refuses nobody', async () => {
    const middleware = limited({ limit: 1, window: '1m', shadow: true });
    const denied: string[] = [];
    middleware.limiter.on('shadow-denied', (_decision, { name }) => denied.push(name));
    const app = appWith(middleware);
    for (let i = 0; i < 3; i++) {
      const { headers } = await request(app).get('/').expect(200);
      expect(Object.keys(headers).filter((name) => /ratelimit|retry/.test(name))).toEqual([]);
    }
    expect(denied).toEqual(['1m', '1m']);
  });

  it('a block refuses for longer than the window, and says so', async () => {
    const app = appWith(limited({ limit: 1, windowMs: 1_000, block: '10m', algorithm: 'fixed-window' }));
    await request(app).get('/').expect(200);
    const { headers } = await request(app).get('/').expect(429);
    expect(Number(headers['retry-after'])).toBe(600);
    expect(headers['ratelimit']).toBe('"1s";r=0;t=600');
  });

  it('windows may begin by the clock', async () => {
    const app = appWith(limited({ limit: 5, window: '1h', algorithm: 'fixed-window', aligned: true }));
    const before = 3_600_000 - (Date.now() % 3_600_000);
    const { body } = await request(app).get('/').expect(200);
    const after = 3_600_000 - (Date.now() % 3_600_000);
    // the hour may turn meanwhile
    if (after <= before) {
      expect(body.resetAfterMs).toBeLessThanOrEqual(before + 1);
      expect(body.resetAfterMs).toBeGreaterThanOrEqual(after - 1);
    }
  });

  it('leases have their own words in the header fields', async () => {
    const app = appWith(limited({ limit: 2, name: 'uploads', window: '1m', algorithm: 'concurrency' }));
    const { headers } = await request(app).get('/').expect(200);
    expect(headers['ratelimit-policy']).toBe('"uploads";q=2;qu="concurrent-requests"');
    expect(headers['ratelimit']).toBe('"uploads";r=1');
  });

  it('refusals may be problems, with the names that the header fields have', async () => {
    const app = appWith(limited({ limit: 1, window: '1m', problem: true, identifier: 'per minute' }));
    await request(app).get('/').expect(200);
    const refused = await request(app).get('/').expect(429);
    expect(refused.headers['content-type']).toBe('application/problem+json');
    expect(refused.headers['ratelimit']).toBe('"per minute";r=0;t=60');
    expect(JSON.parse(refused.text)).toEqual({
      type: 'https://iana.org/assignments/http-problem-types#quota-exceeded',
      title: 'Quota exceeded',
      status: 429,
      detail: 'Too many requests. Try again in 60 seconds.',
      'violated-policies': ['per minute'],
    });
    const away = appWith(
      limited({ url: 'redis://127.0.0.1:1', deadlineMs: 50, problem: true, passOnStoreError: false, name: 'away' }),
    );
    const unavailable = await request(away).get('/').expect(503);
    expect(unavailable.headers['retry-after']).toBe('1');
    expect(JSON.parse(unavailable.text)).toMatchObject({
      type: 'https://iana.org/assignments/http-problem-types#temporary-reduced-capacity',
      status: 503,
      'violated-policies': [],
    });
  });

  it('passOnStoreError lets everything pass while Redis is away', async () => {
    const app = appWith(limited({ url: 'redis://127.0.0.1:1', deadlineMs: 50, limit: 1, passOnStoreError: true }));
    for (let i = 0; i < 3; i++) {
      const { body } = await request(app).get('/').expect(200);
      expect(body.source).toBe('unavailable');
    }
  });

  it('the partition key tells clients apart, where it is asked for', async () => {
    const app = appWith(
      limited({ window: '1m', partitionKey: true, keyGenerator: (req) => req.get('x-user') ?? 'nobody' }),
    );
    const keyOf = async (user: string) => {
      const { headers } = await request(app).get('/').set('x-user', user).expect(200);
      const [, inPolicy] = /^"1m";q=100;w=60;pk=(:[A-Za-z0-9+/]{8}:)$/.exec(headers['ratelimit-policy'] ?? '') ?? [];
      expect(headers['ratelimit']).toMatch(/^"1m";r=\d+;t=\d;pk=:/);
      expect(headers['ratelimit']).toContain(inPolicy);
      return inPolicy;
    };
    expect(await keyOf('ada')).toBe(await keyOf('ada'));
    expect(await keyOf('ada')).not.toBe(await keyOf('bob'));
  });

  it('the subnet of an IPv6 address may depend on the request, and must be one', async () => {
    const middleware = limited({
      limit: 1,
      ipv6Subnet: async (req) => (req.get('x-net') === 'odd' ? 31 : req.get('x-net') === 'narrow' ? 64 : 48),
    });
    const app = appWith(middleware);
    app.set('trust proxy', 1);
    const from = (address: string, net: string) =>
      request(app).get('/').set('x-forwarded-for', address).set('x-net', net);
    await from('2001:db8:1:1::1', 'wide').expect(200);
    await from('2001:db8:1:2::1', 'wide').expect(429);
    await from('2001:db8:1:1::1', 'narrow').expect(200);
    await from('2001:db8:1:2::1', 'narrow').expect(200);
    await from('2001:db8:1:1::1', 'odd').expect(500, /ipv6Subnet is 31/);
    await middleware.resetKey('2001:db8:1::/48');
    await from('2001:db8:1:3::1', 'wide').expect(200);
  });

  it('a handler hears all that is needed for an answer', async () => {
    const app = appWith(
      limited({
        limit: 1,
        windowMs: 60_000,
        handler: (_req, res, _next, { info, ...options }) => res.status(options.statusCode).json(options),
      }),
    );
    await request(app).get('/').expect(200);
    const { body } = await request(app).get('/').expect(429);
    expect(body).toEqual({
      statusCode: 429,
      message: 'Too many requests. Try again in 60 seconds.',
      limit: 1,
      windowMs: 60_000,
      requestPropertyName: 'rateLimit',
    });
  });

  it.each<[string, object, RegExp]>([
    ['max', { max: 5 }, /It is called "limit"/],
    ['store', { store: {} }, /give url/],
    ['headers', { headers: true }, /"legacyHeaders"/],
    ['limitt', { limitt: 5 }, /choose from: .*limit/],
    ['validate', { validate: 'no' }, /true, false or an object/],
    ['validate.trust', { validate: { trust: false } }, /choose from: trustProxy/],
    ['validate.trustProxy', { validate: { trustProxy: 1 } }, /neither true nor false/],
    ['passOnStoreError', { passOnStoreError: true, onUnavailable: 'deny' }, /both given/],
    ['problem', { problem: true, message: 'no' }, /both given/],
    ['skipFailedRequests', { skipFailedRequests: 'yes' }, /neither true nor false/],
    ['requestWasSuccessful', { requestWasSuccessful: true }, /not a function/],
    ['shadow', { shadow: true, policies: [{ limit: 1, window: '1m' }] }, /both given/],
    ['block', { limit: 5, block: 'soon' }, /block is "soon"/],
    ['aligned', { limit: 5, aligned: true }, /fixed windows/],
    ['window', { limit: 5, window: '0s' }, /window is "0s"/],
    ['window', { limit: 5, window: '1.5s' }, /window is/],
    ['limit', { limit: -1 }, /limit is -1/],
    ['limit', { limit: Number.POSITIVE_INFINITY }, /limit is Infinity/],
    ['limit', { limit: 2.5 }, /limit is 2.5/],
    ['cost', { limit: 5, cost: 6 }, /never has more than 5/],
    ['identifier', { identifier: 'x', policies: () => [] }, /several/],
    ['instances', { instances: 0 }, /instances is 0/],
    ['requestPropertyName', { requestPropertyName: '__proto__' }, /name a property/],
  ])('refuses at creation, naming %s: %j', (field, options, message) => {
    const create = () => rateLimit(options as RateLimitOptions);
    expect(create).toThrow(expect.objectContaining({ field }));
    expect(create).toThrow(message);
  });
});

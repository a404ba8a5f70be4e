import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import express from 'express';
import request from 'supertest';
import { clientAddress } from '../src/index.js';
import { answeringErrors, limitedApps } from './limited-apps.js';

describe('mistakes in the setup of rateLimit()', () => {
  const { limited, appWith, warnings, warningTexts } = limitedApps();

  it('Forwarded, which Express does not read', async () => {
    const app = appWith(limited());
    for (let i = 0; i < 2; i++) await request(app).get('/').set('forwarded', 'for=203.0.113.7').expect(200);
    expect(warnings()).toEqual(['RATE_LIMIT_IGNORES_FORWARDED']);
    expect(warningTexts()[0]).toContain('X-Forwarded-For');
  });

  it('a middleware that a handler makes, whether it has awaited something or not', async () => {
    const app = express();
    app.get('/', async (req, res, next) => {
      if (req.query['wait']) await delay(1);
      limited({ limit: 5, name: `made-${req.query['wait']}` })(req, res, next);
    });
    app.get('/', (_req, res) => void res.send('done'));
    await request(app).get('/?wait=1').expect(200);
    expect(warnings()).toEqual(['RATE_LIMIT_CREATED_IN_HANDLER']);
    // once in a process: it would be said for every request
    await request(app).get('/').expect(200);
    expect(warnings()).toHaveLength(1);
  });

  it('is not what an application does that is put together while it serves', async () => {
    const app = express();
    app.get('/', (_req, res) => void res.send('done'));
    const server = app.listen(0);
    await request(server).get('/').expect(200);
    app.use('/later', limited({ limit: 5, name: 'later' }), (_req, res) => void res.send('limited'));
    await request(server).get('/later').expect(200);
    server.close();
    expect(warnings()).toEqual([]);
  });

  it('one middleware twice on the way of a request counts once', async () => {
    const middleware = limited({ limit: 5, name: 'twice' });
    const other = limited({ limit: 5, name: 'other' });
    const app = express();
    app.use(middleware);
    app.get('/', other, middleware, (req, res) => void res.json(req.rateLimit));
    for (const remaining of [4, 3]) {
      const { headers } = await request(app).get('/').expect(200);
      expect(headers['ratelimit']).toMatch(
        new RegExp(`^"twice";r=${remaining};t=\\d+, "other";r=${remaining};t=\\d+$`),
      );
    }
    expect(warnings()).toEqual(['RATE_LIMIT_COUNTED_TWICE']);
  });

  it('keys that are whole IPv6 addresses', async () => {
    const app = appWith(limited({ keyGenerator: (req) => req.get('x-address') }));
    const from = (address: string) => request(app).get('/').set('x-address', address).expect(200);
    await from('203.0.113.7');
    await from('::ffff:203.0.113.7');
    await from('user:2001:db8::1');
    await from('2001:db8:0:1200::/56');
    expect(warnings()).toEqual([]);
    await from('2001:db8:0:1200::1');
    await from('2001:db8:0:1200::2');
    expect(warnings()).toEqual(['RATE_LIMIT_WHOLE_IPV6']);
    expect(warningTexts()[0]).toContain('clientAddress(req.ip)');

    const folded = appWith(
      limited({ name: 'folded', keyGenerator: (req) => clientAddress(req.get('x-address') ?? '') }),
    );
    const { body } = await request(folded).get('/').set('x-address', '2001:db8:0:1234::1').expect(200);
    expect(body.key).toBe('2001:db8:0:1200::/56');
    // said on purpose
    const whole = appWith(limited({ name: 'whole', ipv6Subnet: false, keyGenerator: (req) => req.get('x-address') }));
    await request(whole).get('/').set('x-address', '2001:db8:0:1234::1').expect(200);
    expect(warnings()).toHaveLength(1);
  });

  it.each([
    ['all', false],
    ['by default', { default: false }],
    [
      'by name',
      {
        trustProxy: false,
        xForwardedForHeader: false,
        forwardedHeader: false,
        emptyKey: false,
        keyGeneratorIpFallback: false,
        singleCount: false,
        creationStack: false,
        unsharedStore: false,
        costAboveCapacity: false,
      },
    ],
  ])('are not looked for where that is switched off: %s', async (_how, validate) => {
    const options = { limit: 5, name: 'quiet', validate, cost: 1 };
    const middleware = limited(options);
    limited(options);
    const keyed = limited({ ...options, cost: () => 6, name: 'quiet-key', keyGenerator: (req) => req.get('x-key') });
    const app = express();
    app.get('/', middleware, middleware, (_req, res) => void res.send('done'));
    app.get('/made', (req, res, next) => limited({ ...options, name: 'quiet-made' })(req, res, next));
    app.get('/made', (_req, res) => void res.send('done'));
    app.get('/keyed', keyed);
    answeringErrors(app);
    await request(app).get('/').set('x-forwarded-for', '203.0.113.7').expect(200);
    await request(app).get('/').set('forwarded', 'for=203.0.113.7').expect(200);
    await request(app).get('/made').expect(200);
    await request(app).get('/keyed').expect(429);
    await request(app).get('/keyed').set('x-key', '2001:db8::1').expect(429);
    app.set('trust proxy', true);
    await request(app).get('/').expect(200);
    expect(warnings()).toEqual([]);
  });

  it('unknown options are let pass only where that is said', () => {
    const options = { max: 5, name: 'unknown' } as object;
    expect(() => limited({ ...options, validate: { knownOptions: false } })).not.toThrow();
    expect(() => limited({ ...options, validate: { knownOptions: true, default: false } })).toThrow(/"max"/);
    expect(() => limited({ ...options, validate: { trustProxy: false } })).toThrow(/"max"/);
  });
});

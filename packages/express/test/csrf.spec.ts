import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RedisFunctions } from '@redis-functions/core';
import { SessionService } from '@redis-functions/session';
import { type RedisServer, startRedis } from '@redis-functions/testing';
import express, { type Express } from 'express';
import request from 'supertest';
import { type CsrfOptions, csrf, session, sessionProblems } from '../src/index.js';

const SECRET = 'a secret for tokens of the tests, long enough to be one';
const OLD_SECRET = 'the secret for tokens that there was before this one';

describe('csrf()', () => {
  let redis: RedisServer;
  let functions: RedisFunctions;
  let service: SessionService;

  beforeAll(async () => {
    redis = await startRedis();
    functions = new RedisFunctions({ url: redis.url, deadlineMs: 5_000 });
    service = new SessionService({ functions, routingKey: 'a routing key of the tests, 32 characters or more' });
  });
  afterAll(async () => {
    await functions.close();
    await redis.stop();
  });

  function shop(options: CsrfOptions = {}, { withSessions = true } = {}): Express {
    const app = express();
    app.set('trust proxy', 1);
    if (withSessions) app.use(session({ service }));
    app.use(csrf(options));
    app.get('/token', async (request, response) => void response.json(await request.csrfToken()));
    app.post('/login/:user', async ({ session, params }, response) => {
      await session.login(params.user);
      response.end();
    });
    app.all('/pay', (_request, response) => void response.end('paid'));
    app.use(sessionProblems());
    return app;
  }

  const HOST = { Host: 'shop.example', 'X-Forwarded-Proto': 'https' };
  const pay = (app: Express, headers: Record<string, string>, method: 'post' | 'put' | 'delete' | 'patch' = 'post') =>
    request(app)
      [method]('/pay')
      .set({ ...HOST, Cookie: 'any=1', ...headers });

  it.each<[string, Record<string, string>]>([
    ['a page of this site', { 'Sec-Fetch-Site': 'same-origin', Origin: 'https://shop.example' }],
    ['the visitor themselves', { 'Sec-Fetch-Site': 'none' }],
    ['a page of this site, in an old browser', { Origin: 'https://shop.example' }],
    ['a page of this site, in one that says only Referer', { Referer: 'https://shop.example/cart?a=b' }],
    ['no browser: there is no cookie', { Cookie: '' }],
    ['a page that is trusted', { 'Sec-Fetch-Site': 'cross-site', Origin: 'https://admin.example' }],
  ])('serves what comes from %s', async (_who, headers) => {
    const app = shop({ trustedOrigins: ['https://admin.example'] });
    const sent = pay(app, headers);
    if (headers['Cookie'] === '') sent.unset('Cookie');
    await sent.expect(200, 'paid');
  });

  it.each([
    ['another site', { 'Sec-Fetch-Site': 'cross-site', Origin: 'https://evil.example' }],
    ['another host of the domain', { 'Sec-Fetch-Site': 'same-site', Origin: 'https://blog.shop.example' }],
    ['another site that lies by Origin', { 'Sec-Fetch-Site': 'cross-site', Origin: 'https://shop.example' }],
    ['another site, in an old browser', { Origin: 'https://evil.example' }],
    ['a sandbox', { Origin: 'null' }],
    ['this host by plain HTTP', { Origin: 'http://shop.example' }],
    ['another port', { Origin: 'https://shop.example:8443' }],
    ['a site whose name begins like this one', { Origin: 'https://shop.example.evil.example' }],
    ['another site that says only Referer', { Referer: 'https://evil.example/https://shop.example/' }],
    ['a Referer that is no address', { Referer: 'shop.example' }],
  ])('refuses what comes from %s', async (_who, headers) => {
    const app = shop();
    for (const method of ['post', 'put', 'delete', 'patch'] as const) {
      const { body, headers: sent } = await pay(app, headers, method).expect(403);
      expect(body).toMatchObject({ code: 'CSRF_OTHER_SITE', title: 'Forbidden' });
      expect(sent['vary']).toContain('Sec-Fetch-Site, Origin');
    }
    // to look does no harm
    await request(app)
      .get('/pay')
      .set({ ...HOST, ...headers })
      .expect(200, 'paid');
  });

  it('refuses a login that another site sends: the visitor would go on as somebody else', async () => {
    await request(shop())
      .post('/login/eve')
      .set({ ...HOST, 'Sec-Fetch-Site': 'cross-site' })
      .expect(403);
  });

  it('wants a token of a browser that says nothing, and takes only one of its own session', async () => {
    const app = shop({ tokenSecret: [SECRET, OLD_SECRET] });
    const cookiesOf = (response: request.Response) =>
      (response.get('Set-Cookie') ?? []).map((set) => set.split(';')[0]).join('; ');
    const loggedIn = async (user: string) => cookiesOf(await request(app).post(`/login/${user}`).set(HOST).expect(200));
    const tokenFor = async (cookie: string) => {
      const response = await request(app).get('/token').set(HOST).set('Cookie', cookie).expect(200);
      expect(response.get('Set-Cookie')?.[0]).toMatch(/^__Host-csrf=.*; Path=\/; Secure; SameSite=Strict$/);
      return { token: response.body as string, cookie: `${cookie}; ${cookiesOf(response)}` };
    };
    const [ada, eve] = [await tokenFor(await loggedIn('ada')), await tokenFor(await loggedIn('eve'))];
    await pay(app, { Cookie: ada.cookie, 'X-CSRF-Token': ada.token }).expect(200, 'paid');
    await pay(app, { Cookie: ada.cookie }).expect(403, /CSRF_TOKEN_MISSING/);
    const wrong = [eve.token, `${ada.token}x`, ada.token.replace(/^./, ''), 'junk', `.${ada.token}`];
    for (const token of wrong) {
      await pay(app, { Cookie: ada.cookie, 'X-CSRF-Token': token }).expect(403, /CSRF_TOKEN_WRONG/);
    }
    // one that another host has planted, with the token of a session of its own
    const planted = `${ada.cookie.split('; ')[0]}; __Host-csrf=${eve.token}`;
    await pay(app, { Cookie: planted, 'X-CSRF-Token': eve.token }).expect(403, /CSRF_TOKEN_WRONG/);
    // all tabs have the same one
    const again = await request(app).get('/token').set(HOST).set('Cookie', ada.cookie).expect(200);
    expect(again.body).toBe(ada.token);
    expect(again.headers['set-cookie']).toBeUndefined();
    // the secret before
    const old = await request(shop({ tokenSecret: OLD_SECRET }))
      .get('/token')
      .set(HOST)
      .set('Cookie', await loggedIn('bob'));
    await pay(app, { Cookie: `${await loggedIn('bob')}; ${cookiesOf(old)}`, 'X-CSRF-Token': old.body }).expect(403);
  });

  it('works without sessions, and says which secret is missing', async () => {
    const app = shop({ tokenSecret: SECRET }, { withSessions: false });
    const { body, headers } = await request(app).get('/token').set(HOST).expect(200);
    const cookie = String(headers['set-cookie']?.[0]).split(';')[0] as string;
    await pay(app, { Cookie: cookie, 'X-CSRF-Token': body }).expect(200, 'paid');
    await pay(shop(), { 'X-CSRF-Token': body }).expect(403, /CSRF_TOKEN_MISSING/);
    const refused = await request(shop()).get('/token').set(HOST).expect(500);
    expect(refused.text).toContain('Give tokenSecret');
  });

  it('leaves alone what no browser sends, and knows this host behind a proxy', async () => {
    const app = shop({ exempt: ({ url }) => url === '/pay' });
    await pay(app, { 'Sec-Fetch-Site': 'cross-site' }).expect(200, 'paid');
    const forwarded = { 'X-Forwarded-Host': 'public.example', Origin: 'https://public.example' };
    await pay(shop(), forwarded).expect(200, 'paid');
    await pay(shop().set('trust proxy', false), forwarded).expect(403);
    await pay(shop(), { Host: 'shop.example:443', Origin: 'https://shop.example' }).expect(200, 'paid');
  });

  it.each([
    [{ trustedOrigins: ['admin.example'] }, 'trustedOrigins'],
    [{ trustedOrigins: ['https://admin.example/'] }, 'trustedOrigins'],
    [{ tokenSecret: 'brief' }, 'tokenSecret'],
    [{ secret: SECRET }, 'secret'],
  ])('refuses the options %j by name', (options, field) => {
    expect(() => csrf(options as CsrfOptions)).toThrow(expect.objectContaining({ field }));
  });
});

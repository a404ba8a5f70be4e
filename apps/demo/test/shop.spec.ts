import { rmSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { availableServers, type RedisServer, startRedis } from '@redis-functions/testing';
import request from 'supertest';
import { createShop } from '../src/shop.js';
import { buildPage } from './built-page.js';

const page = buildPage();
const routingKey = 'a routing key of the tests, 32 characters or more';
afterAll(() => rmSync(page, { recursive: true, force: true }));

const cases = availableServers().flatMap(({ name, path }) =>
  (['functions', 'scripts'] as const).map((mode) => ({ name, path, mode })),
);

describe.each(cases)('the shop on $name as $mode', ({ path, mode }) => {
  let redis: RedisServer;
  let shop: NestExpressApplication;

  beforeAll(async () => {
    redis = await startRedis({ server: path });
    shop = await createShop({ url: redis.url, mode, routingKey }, page);
    await shop.init();
  });
  beforeEach(async () => {
    await redis.command('FLUSHALL');
    // an opening stock is put out once per start; a flushed shop gets it here
    await visitor().get('/api/products');
    await redis.command('HSET', 'rf:{demo}:stock', 'mug', '40', 'poster', '1');
    await redis.command('HSET', 'rf:{demo}:price:EUR', 'mug', '1250', 'poster', '3500');
  });
  afterAll(async () => {
    await shop.close();
    await redis.stop();
  });

  const visitor = () => request.agent(shop.getHttpServer());
  const add = (agent: ReturnType<typeof visitor>, sku: unknown, quantity: unknown) =>
    agent.post('/api/cart/lines').send({ sku, quantity });

  it('says what it runs on', async () => {
    const { body } = await visitor().get('/health').expect(200);
    expect(body).toMatchObject({ status: 'ok', mode, server: { version: expect.stringMatching(/^\d+\./) } });
    expect(body.libraries.map(({ name }: { name: string }) => name).sort()).toEqual(
      ['cart', 'examples', 'feed', 'mylib', 'myapp', 'ratelimiter', 'sessions'].sort(),
    );
    for (const { version } of body.libraries) expect(version).toMatch(/^\d+\.\d+\.\d+$/);
  });

  it('takes a guest through cart, login, counter, devices and logout', async () => {
    const ada = visitor();
    const empty = await ada.get('/api/cart').expect(200, { lines: [], itemCount: 0, total: 0 });
    expect(empty.headers['set-cookie']).toBeUndefined();
    await add(ada, 'mug', 2).expect(201);
    await ada.get('/api/sessions').expect(401);

    const { body: login } = await ada.post('/api/login').send({ user: 'ada' }).expect(200);
    const { body: cart } = await ada.get('/api/cart');
    expect(cart).toMatchObject({ lines: [{ sku: 'mug', quantity: 2, unitPrice: 1250, subtotal: 2500 }], total: 2500 });
    const { body: removed } = await ada.delete('/api/cart/lines/mug?quantity=1').expect(200);
    expect(removed).toMatchObject({ sku: 'mug', quantity: 1, changed: true, handle: login.handle });
    const { body: set } = await ada.put('/api/cart/lines/mug').send({ quantity: 3 }).expect(200);
    expect(set).toMatchObject({ quantity: 3, changed: true });

    await ada.get('/api/counter').expect(200, { value: 0 });
    await ada.post('/api/counter').expect(200, { value: 1 });
    await ada.post('/api/counter').send({ amount: 5 }).expect(200, { value: 6 });

    const phone = visitor();
    await phone.post('/api/login').set('User-Agent', 'phone').send({ user: 'ada' }).expect(200);
    const { body: devices } = await ada.get('/api/sessions').expect(200);
    expect(devices.sessions).toHaveLength(2);
    const [other] = devices.sessions.filter(({ current }: { current: boolean }) => !current);
    expect(other).toMatchObject({ userAgent: 'phone' });
    expect(devices.sessions.find(({ current }: { current: boolean }) => current).handle).toBe(login.handle);
    await ada.delete(`/api/sessions/${other.handle}`).expect(200);
    await phone.get('/api/sessions').expect(401);
    await ada.delete(`/api/sessions/${other.handle}`).expect(404);
    await ada.delete('/api/sessions/..%2F..').expect(404);

    await ada.post('/api/logout').expect(200);
    await ada.get('/api/sessions').expect(401);
    await ada.get('/api/cart').expect(200, { lines: [], itemCount: 0, total: 0 });
    await ada.delete('/api/cart').expect(200);
  });

  it('lets five logins per minute through and refuses the sixth', async () => {
    for (let i = 0; i < 5; i++) await visitor().post('/api/login').send({ user: 'eve' }).expect(200);
    const { headers, body } = await visitor().post('/api/login').send({ user: 'eve' }).expect(429);
    expect(Number(headers['retry-after'])).toBeGreaterThan(50);
    expect(headers['ratelimit-policy']).toBe('"shop";q=600;w=60, "login";q=5;w=60');
    expect(body).toMatchObject({ statusCode: 429, policy: 'login' });

    await redis.command('FLUSHALL');
    // a refusal is repeated from memory, for a second at most
    const refused = async () => (await visitor().post('/api/login').send({ user: 'eve' })).status === 429;
    while (await refused());
  });

  it('sells no more than there is, and nothing that there is not', async () => {
    const ada = visitor();
    const { body } = await add(ada, 'poster', 2).expect(409);
    expect(body).toMatchObject({ error: 'OUT_OF_STOCK', available: 1, inCart: 0, requested: 2 });
    await add(ada, 'unicorn', 1).expect(404);
    await add(ada, '__proto__', 1).expect(404);
    await ada.get('/api/cart').expect(({ body }) => expect(body.lines).toEqual([]));
  });

  it.each([
    ['sku', { sku: 7, quantity: 1 }],
    ['sku', { quantity: 1 }],
    ['sku', { sku: '', quantity: 1 }],
    ['quantity', { sku: 'mug' }],
    ['quantity', { sku: 'mug', quantity: -1 }],
    ['quantity', { sku: 'mug', quantity: 0 }],
    ['quantity', { sku: 'mug', quantity: 1.5 }],
    ['quantity', { sku: 'mug', quantity: '1' }],
    ['quantity', { sku: 'mug', quantity: 2 ** 53 }],
    ['price', { sku: 'mug', quantity: 1, price: 0 }],
    ['body', []],
  ])('names the field %s of a wrong line, and changes nothing', async (field, line) => {
    const ada = visitor();
    const { body } = await ada.post('/api/cart/lines').send(line).expect(400);
    expect(body).toMatchObject({ statusCode: 400, field });
    expect(await redis.command('KEYS', '*cart*')).toEqual([]);
  });

  it('answers broken and oversize bodies with 4xx', async () => {
    const post = () => visitor().post('/api/cart/lines').set('Content-Type', 'application/json');
    await post().send('{').expect(400);
    await post()
      .send(`{"sku":"${'x'.repeat(20_000)}","quantity":1}`)
      .expect(413);
    await visitor().post('/api/cart/lines').set('Content-Type', 'text/plain').send('hello').expect(400);
    await visitor()
      .post('/api/login')
      .send({ user: 'x'.repeat(65) })
      .expect(400);
    await visitor().post('/api/counter').send({ amount: -5 }).expect(400);
    await visitor().delete('/api/cart/lines/mug?quantity=1.5').expect(400);
    await visitor().get('/api/nothing').expect(404);
  });

  it('takes junk and forged cookies for no session', async () => {
    for (const cookie of ['id=junk', `id=1.${'a'.repeat(16)}.${'b'.repeat(22)}.${'c'.repeat(43)}`, 'id=%00%ff', '=']) {
      await request(shop.getHttpServer()).get('/api/sessions').set('Cookie', cookie).expect(401);
    }
  });

  it('comes back when the server has lost its functions and scripts', async () => {
    await redis.command('FUNCTION', 'FLUSH');
    await redis.command('SCRIPT', 'FLUSH');
    await visitor().post('/api/counter').expect(200);
    await add(visitor(), 'mug', 1).expect(201);
  });

  it('shows a page', async () => {
    const { text, headers } = await visitor().get('/').expect(200);
    expect(text).toContain('<title>The shop</title>');
    expect(headers['content-security-policy']).toContain("default-src 'self'");
    expect(headers['x-powered-by']).toBeUndefined();
    const [, script] = /src="(\/main-\w+\.js)"/.exec(text) ?? [];
    const { headers: ofScript } = await visitor().get(String(script)).set('Accept-Encoding', 'br').expect(200);
    expect(ofScript).toMatchObject({ 'content-encoding': 'br', 'content-type': 'text/javascript; charset=utf-8' });
    await visitor().get('/account').expect(200, text);
    await visitor().get('/shop.spec.js').expect(404);
  });
});

describe('the shop without its server', () => {
  let shop: NestExpressApplication;
  let redis: RedisServer;
  beforeEach(async () => {
    redis = await startRedis();
    shop = await createShop({ url: redis.url, routingKey });
    await shop.init();
  });
  afterEach(async () => {
    await shop.close();
    await redis.stop();
  });

  it('says that it is unavailable, in bounded time, and recovers by itself', async () => {
    const http = request(shop.getHttpServer());
    await http.get('/health').expect(200);
    redis.pause();
    const [health, counter] = await Promise.all([http.get('/health'), http.get('/api/counter')]);
    expect(health.status).toBe(503);
    expect(health.body).toMatchObject({ status: 'unavailable', error: 'DEADLINE_EXCEEDED' });
    expect(counter.status).toBe(503);
    expect(counter.body.message).not.toContain('127.0.0.1');
    redis.resume();
    await http.get('/health').expect(200);
  });
});

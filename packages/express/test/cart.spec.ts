import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { CartService, InventoryService } from '@redis-functions/cart';
import { RedisFunctions } from '@redis-functions/core';
import { type RedisServer, startRedis } from '@redis-functions/testing';
import express from 'express';
import request from 'supertest';
import { cartConditions, cartProblems, sendCart } from '../src/index.js';

describe('carts behind Express', () => {
  let redis: RedisServer;
  let functions: RedisFunctions;
  const app = express();
  app.use(express.json());

  beforeAll(async () => {
    redis = await startRedis();
    functions = new RedisFunctions({ url: redis.url });
    const options = { functions, shop: 'main', currency: 'EUR', stock: 'check' } as const;
    const carts = new CartService(options);
    const stock = new InventoryService(options);
    app.put('/stock/:sku/:units', async ({ params }, response) => {
      await stock.setStock(params.sku, Number(params.units));
      response.end();
    });
    app.get('/cart', async (_request, response) => sendCart(response, await carts.get('ada')));
    app.post('/cart/lines', async (incoming, response) => {
      await carts.add('ada', incoming.body, cartConditions(incoming));
      sendCart(response, await carts.get('ada'));
    });
    app.use(cartProblems());
  });
  beforeEach(async () => {
    await redis.command('FLUSHALL');
    await request(app).put('/stock/A1/10');
  });
  afterAll(async () => {
    await functions.close();
    await redis.stop();
  });

  const add = (quantity: number, headers: Record<string, string> = {}) =>
    request(app).post('/cart/lines').set(headers).send({ sku: 'A1', quantity });

  it('have an entity tag, and are changed only where it is the one that was seen', async () => {
    const { headers } = await add(1).expect(200);
    const etag = String(headers['etag']);
    expect(etag).toMatch(/^"\d+"$/);
    expect(headers['cache-control']).toBe('private, no-cache');
    await request(app).get('/cart').set('If-None-Match', etag).expect(304);
    await add(1, { 'If-Match': etag }).expect(200);
    const stale = await add(1, { 'If-Match': etag }).expect(412);
    expect(stale.headers['content-type']).toMatch('application/problem+json');
    expect(stale.body).toMatchObject({ code: 'VERSION_CONFLICT', status: 412, title: 'Precondition Failed' });
    await add(1, { 'If-Match': '*' }).expect(200);
    expect((await request(app).get('/cart')).body.lines).toMatchObject([{ sku: 'A1', quantity: 3 }]);
  });

  it('take a request that is repeated for one, at once and later', async () => {
    const key = { 'Idempotency-Key': '"8e03978e-40d5-43dd-bc93-6894a57f9324"' };
    const answers = await Promise.all([add(2, key), add(2, key), add(2, key)]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    await add(2, { 'Idempotency-Key': '8e03978e-40d5-43dd-bc93-6894a57f9324' }).expect(200);
    expect((await request(app).get('/cart')).body.lines).toMatchObject([{ quantity: 2 }]);
    const other = await add(3, key).expect(422);
    expect(other.body).toMatchObject({ code: 'IDEMPOTENCY_MISMATCH' });
  });

  it('answer refusals with their status and facts, and other errors not at all', async () => {
    const short = await add(11).expect(409);
    expect(short.body).toMatchObject({
      code: 'OUT_OF_STOCK',
      requested: 11,
      available: 10,
      inCart: 0,
      title: 'Conflict',
    });
    await add(1.5)
      .expect(400)
      .expect(/INVALID_QUANTITY/);
    await request(app)
      .post('/cart/lines')
      .send({ sku: 'none', quantity: 1 })
      .expect(404, /UNKNOWN_SKU/);
    await request(app)
      .post('/cart/lines')
      .set('Content-Type', 'application/json')
      .send('{')
      .expect(400, /SyntaxError/);
  });

  it.each([
    [{ 'If-Match': 'W/"7"' }, 'If-Match'],
    [{ 'If-Match': '"7", "8"' }, 'If-Match'],
    [{ 'If-Match': 'seven' }, 'If-Match'],
    [{ 'If-Match': `"${'9'.repeat(30)}"` }, 'If-Match'],
    [{ 'Idempotency-Key': '' }, 'Idempotency-Key'],
    [{ 'Idempotency-Key': '"a b"' }, 'Idempotency-Key'],
    [{ 'Idempotency-Key': 'x'.repeat(200) }, 'Idempotency-Key'],
    [{ 'Idempotency-Key': '"open' }, 'Idempotency-Key'],
  ])('refuse %j: what was meant to hold a change back is not passed over', async (headers, field) => {
    const { body } = await add(1, headers as Record<string, string>).expect(400);
    expect(body).toMatchObject({ code: 'INVALID_ARGUMENT', field });
    expect((await request(app).get('/cart')).body.lines).toEqual([]);
  });

  it('tell nobody out there what is broken in here', async () => {
    await add(1).expect(200);
    const [key = ''] = ((await redis.command('KEYS', '*')) as string[]).filter((name) => name.includes('ada'));
    await redis.command('DEL', key);
    await redis.command('SET', key, 'text');
    const { body } = await request(app).get('/cart').expect(500);
    expect(body).toMatchObject({ code: 'CORRUPT_DATA', status: 500 });
    expect(body.detail).not.toContain(key);
  });
});

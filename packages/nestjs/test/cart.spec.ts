import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Body, Controller, Get, Inject, Post } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { CartService, InventoryService, type LineInput, type OperationOptions } from '@redis-functions/cart';
import request from 'supertest';
import { CartConditions, CartETag, CartExceptionFilter } from '../src/index.js';
import { LimitedApps, type Platform } from './limited-apps.js';

const apps = new LimitedApps();
beforeAll(() => apps.open());
afterEach(() => apps.closeAll());
afterAll(() => apps.stop());

@Controller('cart')
@CartETag()
class CartController {
  constructor(@Inject(CartService) private readonly carts: CartService) {}

  @Get()
  read() {
    return this.carts.get('ada');
  }

  @Post('lines')
  async add(@Body() line: LineInput, @CartConditions() conditions: OperationOptions) {
    await this.carts.add('ada', line, conditions);
    return this.carts.get('ada');
  }
}

describe.each<Platform>(['express', 'fastify'])('carts on %s', (platform) => {
  async function start() {
    const app = await apps.start({
      platform,
      controllers: [CartController],
      providers: [{ provide: APP_FILTER, useClass: CartExceptionFilter }],
      options: { cart: { shop: 'main', currency: 'EUR', stock: 'check' } },
    });
    await app.get(InventoryService).setStock('A1', 3);
    const http = request(app.getHttpServer());
    const add = (quantity: number, headers: Record<string, string> = {}) =>
      http.post('/cart/lines').set(headers).send({ sku: 'A1', quantity });
    return { http, add };
  }

  it('have an entity tag, take a repeated request for one, and say what they refuse', async () => {
    const { http, add } = await start();
    const first = await add(1, { 'Idempotency-Key': 'once' }).expect(201);
    const again = await add(1, { 'Idempotency-Key': 'once' }).expect(201);
    const etag = String(first.headers['etag']);
    expect(etag).toBe(`"${first.body.version}"`);
    expect(again.headers['etag']).toBe(etag);
    expect((await http.get('/cart').expect(200)).headers['etag']).toBe(etag);
    await add(1, { 'If-Match': etag }).expect(201);
    const stale = await add(1, { 'If-Match': etag }).expect(412);
    expect(stale.headers['content-type']).toBe('application/problem+json; charset=utf-8');
    expect(stale.body).toMatchObject({ code: 'VERSION_CONFLICT', status: 412 });
    expect((await add(9).expect(409)).body).toMatchObject({ code: 'OUT_OF_STOCK', available: 3, inCart: 2 });
    expect((await add(1, { 'If-Match': 'seven' }).expect(400)).body).toMatchObject({ field: 'If-Match' });
    expect((await http.get('/cart')).body.lines).toMatchObject([{ quantity: 2 }]);
  });
});

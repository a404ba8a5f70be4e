import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { type RedisServer, startRedis } from '@redis-functions/testing';
import { createClient } from 'redis';
import request from 'supertest';
import { createShop } from '../src/shop.js';

const routingKey = 'a routing key of the tests, 32 characters or more';
/** Of whatever looks around by itself: sessions that are due. */
const OF_ITSELF = new Set(['session_due']);

describe('a change of a quantity', () => {
  let redis: RedisServer;
  let shop: NestExpressApplication;
  beforeAll(async () => {
    redis = await startRedis();
    shop = await createShop({ url: redis.url, routingKey });
    await shop.init();
  });
  afterAll(async () => {
    await shop.close();
    await redis.stop();
  });

  it('is one call, after one round trip that asks for the session and the limit together', async () => {
    const ada = request.agent(shop.getHttpServer());
    await ada.post('/api/cart/lines').send({ sku: 'mug', quantity: 1 }).expect(201);
    const calls: string[] = [];
    const monitor = createClient({ url: redis.url, RESP: 2 });
    await monitor.connect();
    await monitor.monitor((line) => {
      const [, name] = /"FCALL(?:_RO)?" "(\w+)"/i.exec(String(line)) ?? [];
      if (name !== undefined && !OF_ITSELF.has(name)) calls.push(name);
    });
    await ada.put('/api/cart/lines/mug').send({ quantity: 2 }).expect(200);
    while (!calls.includes('feed_tell')) await redis.command('PING');
    monitor.destroy();
    expect(calls.slice(0, 2).toSorted()).toEqual(['ratelimiter_decide', 'session_get']);
    // other processes are told after the answer, and nobody waits for that
    expect(calls.slice(2)).toEqual(['cart_set', 'feed_tell']);
  });
});

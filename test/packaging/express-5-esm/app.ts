import type { AddressInfo } from 'node:net';
import { CartService } from '@redis-functions/cart';
import { RedisFunctions } from '@redis-functions/core';
import { rateLimit, session } from '@redis-functions/express';
import { RateLimiter } from '@redis-functions/rate-limit';
import { SessionService } from '@redis-functions/session';
import { startRedis } from '@redis-functions/testing';
import express from 'express';

// a server of its own, as a test has one
const redis = await startRedis();
const functions = new RedisFunctions({ url: redis.url });
const policies = [{ limit: 3, window: '1m' }] as const;
// the machine of a test may be loaded
const limiter = new RateLimiter({ functions, policies, deadlineMs: 5_000, startupMs: 5_000 });
const service = new SessionService({ functions, routingKey: 'a routing key of at least 32 characters' });
const carts = new CartService({ functions, shop: 'main', currency: 'EUR', stock: 'none' });
const app = express();
app.use(rateLimit({ limiter }));
app.use(session({ service }));
app.get('/', async (request, response) => {
  const visits = await request.session.increment('visits');
  const { quantity } = await carts.add('ada', { sku: 'mug', quantity: 1 });
  response.json({ visits, quantity });
});

const server = app.listen(0, async () => {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const answers: unknown[] = [];
  let cookie = '';
  for (let i = 0; i < 4; i++) {
    const response = await fetch(url, { headers: { cookie } });
    cookie ||= response.headers.getSetCookie()[0]?.split(';')[0] ?? '';
    answers.push(response.ok ? await response.json() : response.status);
  }
  console.log(JSON.stringify(answers));
  server.close();
  server.closeAllConnections();
  await limiter.close();
  await service.close();
  await functions.close();
  await redis.stop();
});

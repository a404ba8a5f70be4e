const { CartService } = require('@redis-functions/cart');
const { RedisFunctions } = require('@redis-functions/core');
const { rateLimit, session } = require('@redis-functions/express');
const express = require('express');

const functions = new RedisFunctions({ url: process.env.REDIS_URL });
const carts = new CartService({ functions, shop: 'main', currency: 'EUR', stock: 'none' });
const app = express();
app.use(rateLimit({ functions, limit: 3, window: '1m', deadlineMs: 5_000, startupMs: 5_000 }));
app.use(session({ functions, routingKey: 'a routing key of at least 32 characters' }));
app.get('/', async (request, response) => {
  const visits = await request.session.increment('visits');
  const { quantity } = await carts.add('ada', { sku: 'mug', quantity: 1 });
  response.json({ visits, quantity });
});

const server = app.listen(0, async () => {
  const url = `http://127.0.0.1:${server.address().port}/`;
  const answers = [];
  let cookie = '';
  for (let i = 0; i < 4; i++) {
    const response = await fetch(url, { headers: { cookie } });
    cookie ||= response.headers.getSetCookie()[0]?.split(';')[0] ?? '';
    answers.push(response.ok ? await response.json() : response.status);
  }
  console.log(JSON.stringify(answers));
  server.close();
  server.closeAllConnections();
  await functions.close();
});

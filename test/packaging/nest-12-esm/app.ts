import 'reflect-metadata';
import type { AddressInfo } from 'node:net';
import { Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { CartService } from '@redis-functions/cart';
import { CurrentSession, RateLimited, RedisFunctionsModule } from '@redis-functions/nestjs';
import type { RequestSession } from '@redis-functions/session';

@Controller()
class ShopController {
  constructor(private readonly carts: CartService) {}

  @Get()
  @RateLimited('visits')
  async visit(@CurrentSession() session: RequestSession) {
    const visits = await session.increment('visits');
    const { quantity } = await this.carts.add('ada', { sku: 'mug', quantity: 1 });
    return { visits, quantity };
  }
}

@Module({
  imports: [
    RedisFunctionsModule.forRoot({
      url: process.env['REDIS_URL'] ?? '',
      rateLimit: { policies: { visits: { limit: 3, window: '1m' } }, deadlineMs: 5_000, startupMs: 5_000 },
      session: { routingKey: 'a routing key of at least 32 characters' },
      cart: { shop: 'main', currency: 'EUR', stock: 'none' },
    }),
  ],
  controllers: [ShopController],
})
class AppModule {}

async function main(): Promise<void> {
  const app = await NestFactory.create(AppModule, { logger: ['error', 'warn'] });
  await app.listen(0);
  const url = `http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}/`;
  const answers: unknown[] = [];
  let cookie = '';
  for (let i = 0; i < 4; i++) {
    const response = await fetch(url, { headers: { cookie } });
    cookie ||= response.headers.getSetCookie()[0]?.split(';')[0] ?? '';
    answers.push(response.ok ? await response.json() : response.status);
  }
  console.log(JSON.stringify(answers));
  await app.close();
}

void main();

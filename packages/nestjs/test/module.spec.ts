import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Inject, Injectable, Module, type Type } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { CartService, InventoryService } from '@redis-functions/cart';
import { defineFunction, defineLibrary, RedisFunctions, toInteger } from '@redis-functions/core';
import { RateLimiter } from '@redis-functions/rate-limit';
import { SessionService } from '@redis-functions/session';
import { type RedisServer, startRedis } from '@redis-functions/testing';
import { createClient } from 'redis';
import { InjectRedisFunctions, RedisFunctionsModule, type RedisFunctionsModuleOptions } from '../src/index.js';

const one = defineLibrary({
  code: "#!lua name=one\n-- @version 1.0.0\nredis.register_function('one', function() return 1 end)\n",
  functions: { one: defineFunction('one', { encode: () => ({ keys: [] }), decode: toInteger }) },
});

const everything = {
  cart: { shop: 'test', currency: 'EUR' },
  session: { routingKey: 'x'.repeat(32) },
};

@Injectable()
class Consumer {
  constructor(
    @InjectRedisFunctions() readonly functions: RedisFunctions,
    @Inject(RateLimiter) readonly limiter: RateLimiter,
    @Inject(CartService) readonly carts: CartService,
    @Inject(InventoryService) readonly inventory: InventoryService,
    @Inject(SessionService) readonly sessions: SessionService,
  ) {}
}

@Module({ providers: [Consumer], exports: [Consumer] })
class FeatureModule {}

describe('RedisFunctionsModule', () => {
  let redis: RedisServer;
  const started: TestingModule[] = [];

  async function start(imports: unknown[], consumer: Type = FeatureModule) {
    const testing = await Test.createTestingModule({ imports: [...(imports as Type[]), consumer] }).compile();
    started.push(testing);
    testing.useLogger(false);
    await testing.init();
    return testing.get(Consumer, { strict: false });
  }
  const names = async (functions: RedisFunctions) => (await functions.list()).map(({ name }) => name);

  beforeAll(async () => {
    redis = await startRedis();
  });
  afterEach(async () => {
    await Promise.all(started.splice(0).map((testing) => testing.close()));
    await redis.command('FUNCTION', 'FLUSH');
  });
  afterAll(() => redis.stop());

  it('deploys what it is configured for at start, and injects the services everywhere', async () => {
    const { functions, limiter, carts, inventory, sessions } = await start([
      RedisFunctionsModule.forRoot({
        url: redis.url,
        libraries: [one],
        rateLimit: { deadlineMs: 5_000 },
        ...everything,
      }),
    ]);
    expect(await names(functions)).toEqual(['cart', 'one', 'ratelimiter', 'sessions']);
    expect(await functions.use(one).one()).toBe(1);
    expect(await limiter.consume('somebody')).toMatchObject({ allowed: true, source: 'redis' });
    await inventory.setStock('mug', 2);
    expect(await carts.add('ada', { sku: 'mug', quantity: 2 })).toMatchObject({ sku: 'mug', quantity: 2 });
    const { token } = await sessions.create('ada');
    expect(await sessions.get(token)).toMatchObject({ userId: 'ada' });
  });

  it('takes its options from elsewhere', async () => {
    const config = { url: redis.url, ...everything };
    @Module({ providers: [{ provide: 'CONFIG', useValue: config }], exports: ['CONFIG'] })
    class ConfigModule {}
    const { functions } = await start([
      RedisFunctionsModule.forRootAsync({
        imports: [ConfigModule],
        inject: ['CONFIG'],
        useFactory: async (options: RedisFunctionsModuleOptions) => options,
      }),
    ]);
    expect(await names(functions)).toContain('cart');
  });

  it('can stay private to the modules that import it', async () => {
    const module = RedisFunctionsModule.forRoot({ url: redis.url, isGlobal: false });
    await expect(start([module])).rejects.toThrow("can't resolve dependencies");
    @Module({ imports: [module], providers: [Consumer] })
    class ImportingModule {}
    expect(await start([], ImportingModule)).toBeInstanceOf(Consumer);
  });

  it('closes the connection that it opened, and leaves open the one that it was given', async () => {
    const { functions } = await start([RedisFunctionsModule.forRoot({ url: redis.url })]);
    await started.pop()?.close();
    await expect(functions.ping()).rejects.toMatchObject({ code: 'CLOSED' });

    const client = createClient({ url: redis.url });
    await client.connect();
    await start([RedisFunctionsModule.forRoot({ client })]);
    await started.pop()?.close();
    expect(await client.ping()).toBe('PONG');
    await client.close();
  });

  it('says which options a service lacks when it is used without them', async () => {
    const { carts, sessions } = await start([RedisFunctionsModule.forRoot({ url: redis.url })]);
    expect(() => carts.get('ada')).toThrow('Give "cart" to forRoot');
    expect(() => sessions.get('token')).toThrow('Give "session" to forRoot');
  });

  it('starts without the server and deploys when it comes, or fails the start where that is asked for', async () => {
    const away = await startRedis();
    await away.stop();
    const options = { url: away.url, deadlineMs: 200 };
    await expect(start([RedisFunctionsModule.forRoot({ ...options, onUnavailableAtStart: 'fail' })])).rejects.toThrow(
      away.url,
    );

    const { functions } = await start([RedisFunctionsModule.forRoot({ ...options, libraries: [one] })]);
    const back = await startRedis({ port: away.port });
    let loaded: string[] = [];
    while (!loaded.includes('one')) loaded = await names(functions).catch(() => []);
    await back.stop();
  });

  it('fails the start for a library that the server refuses', async () => {
    const code = '#!lua name=broken\nthis is not Lua';
    const broken = defineLibrary({ code, functions: one.functions });
    await expect(start([RedisFunctionsModule.forRoot({ url: redis.url, libraries: [broken] })])).rejects.toMatchObject({
      code: 'LOAD_REFUSED',
    });
  });
});

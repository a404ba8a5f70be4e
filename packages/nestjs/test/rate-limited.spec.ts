import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, type INestApplication, Req, type Type } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { type RedisServer, startRedis } from '@redis-functions/testing';
import request from 'supertest';
import {
  RateLimited,
  RateLimitGuard,
  RateLimitKey,
  RedisFunctionsModule,
  type RedisFunctionsModuleOptions,
  SkipRateLimit,
} from '../src/index.js';

@Controller('plain')
class PlainController {
  @Get('once')
  @RateLimited({ limit: 1, window: '1h' })
  once() {
    return 'once';
  }

  @Get('default')
  @RateLimited()
  byDefault() {
    return 'default';
  }

  @Get('free')
  free() {
    return 'free';
  }
}

@Controller('login')
class LoginController {
  @Get()
  @RateLimited('login')
  login() {
    return 'in';
  }

  @Get('again')
  @RateLimited('login')
  again() {
    return 'in again';
  }
}

@Controller('classy')
@RateLimited([
  { name: 'burst', limit: 2, window: '1h' },
  { name: 'day', limit: 100, window: '1d' },
])
class ClassyController {
  @Get('a')
  a() {
    return 'a';
  }

  @Get('b')
  b() {
    return 'b';
  }

  @Get('own')
  @RateLimited({ limit: 5, window: '1h' })
  own() {
    return 'own';
  }

  @Get('skipped')
  @SkipRateLimit()
  skipped() {
    return 'skipped';
  }
}

@Controller('keyed')
class KeyedController {
  @Get()
  @RateLimited({ limit: 1, window: '1h' })
  @RateLimitKey(async (context) => String(context.switchToHttp().getRequest().headers['x-user']))
  read(@Req() _request: object) {
    return 'yours';
  }
}

describe('@RateLimited()', () => {
  let redis: RedisServer;
  const apps: INestApplication[] = [];

  async function start(
    controllers: Type[],
    options: Partial<RedisFunctionsModuleOptions> = {},
    providers: object[] = [],
  ) {
    const testing = await Test.createTestingModule({
      imports: [
        RedisFunctionsModule.forRoot({
          url: redis.url,
          ...options,
          // on a loaded machine 50 ms can pass without anything being wrong
          rateLimit: { deadlineMs: 5_000, ...options.rateLimit },
        }),
      ],
      controllers,
      providers: providers as never,
    }).compile();
    const app = testing.createNestApplication();
    apps.push(app);
    await app.init();
    return request(app.getHttpServer());
  }

  beforeAll(async () => {
    redis = await startRedis();
  });
  afterEach(async () => {
    await Promise.all(apps.splice(0).map((app) => app.close()));
    await redis.command('FLUSHALL');
  });
  afterAll(() => redis.stop());

  it('lets the limit through and answers 429 with what the client needs to know', async () => {
    const http = await start([PlainController]);
    const first = await http.get('/plain/once').expect(200);
    expect(first.headers).toMatchObject({ 'ratelimit-policy': '"1h";q=1;w=3600', ratelimit: '"1h";r=0;t=3600' });
    const second = await http.get('/plain/once').expect(429);
    expect(second.body).toMatchObject({ statusCode: 429, error: 'Too Many Requests', policy: '1h' });
    expect(second.body.retryAfterMs).toBeGreaterThan(3_590_000);
    expect(second.headers).toMatchObject({ 'retry-after': '3600', 'ratelimit-policy': '"1h";q=1;w=3600' });
    await http.get('/plain/free').expect(200);
    const byDefault = await http.get('/plain/default').expect(200);
    expect(byDefault.headers['ratelimit-policy']).toBe('"default";q=100;w=10');
  });

  it('shares a named policy between the routes that name it', async () => {
    const policies = { login: { limit: 2, window: '1h', algorithm: 'sliding-log' } } as const;
    const http = await start([LoginController], { rateLimit: { policies } });
    const first = await http.get('/login').expect(200);
    expect(first.headers['ratelimit-policy']).toBe('"login";q=2;w=3600');
    await http.get('/login/again').expect(200);
    await http.get('/login').expect(429);
  });

  it("covers a class, where a method's own word goes first", async () => {
    const http = await start([ClassyController]);
    const first = await http.get('/classy/a').expect(200);
    expect(first.headers.ratelimit).toMatch(/^"burst";r=1;t=\d+, "day";r=99;t=\d+$/);
    await http.get('/classy/b').expect(200);
    const refused = await http.get('/classy/a').expect(429);
    expect(refused.body.policy).toBe('burst');
    for (let i = 0; i < 5; i++) await http.get('/classy/own').expect(200);
    await http.get('/classy/own').expect(429);
    for (let i = 0; i < 5; i++) await http.get('/classy/skipped').expect(200);
  });

  it('charges a request once, however many guards it passes', async () => {
    const http = await start([ClassyController], {}, [{ provide: APP_GUARD, useExisting: RateLimitGuard }]);
    const first = await http.get('/classy/own').expect(200);
    expect(first.headers.ratelimit).toMatch(/^"1h";r=4;/);
  });

  it('limits every route by the default where its guard is global', async () => {
    const http = await start([PlainController], {}, [{ provide: APP_GUARD, useExisting: RateLimitGuard }]);
    const { headers } = await http.get('/plain/free').expect(200);
    expect(headers['ratelimit-policy']).toBe('"default";q=100;w=10');
  });

  it('counts by a key of its own', async () => {
    const http = await start([KeyedController]);
    await http.get('/keyed').set('x-user', 'ada').expect(200);
    await http.get('/keyed').set('x-user', 'ada').expect(429);
    await http.get('/keyed').set('x-user', 'bob').expect(200);
  });

  it('fails the start for a policy that nobody defined, and for one that cannot be', async () => {
    await expect(start([LoginController])).rejects.toThrow(
      'LoginController.login is limited by the policy "login", and the module has no policy of that name (it has "default")',
    );
    const policies = { login: { limit: 0, window: '1h' } };
    await expect(start([LoginController], { rateLimit: { policies } })).rejects.toThrow('limit');

    @Controller('wrong')
    class WrongController {
      @Get()
      @RateLimited({ limit: 1, window: 'soon' })
      wrong() {}
    }
    await expect(start([WrongController])).rejects.toThrow('window');
  });
});

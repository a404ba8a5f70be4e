import { get as httpGet } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  type ArgumentsHost,
  Body,
  Catch,
  Controller,
  type ExceptionFilter,
  type ExecutionContext,
  ForbiddenException,
  Get,
  type INestApplication,
  Injectable,
  Module,
  Post,
  type Type,
} from '@nestjs/common';
import { APP_FILTER, APP_GUARD } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { RateLimiter } from '@redis-functions/rate-limit';
import fc from 'fast-check';
import request from 'supertest';
import {
  RateLimited,
  RateLimitedException,
  RateLimitGuard,
  RateLimitKey,
  type RateLimitRule,
  RedisFunctionsModule,
  type RedisFunctionsModuleOptions,
  SkipRateLimit,
} from '../src/index.js';
import { LimitedApps, type Platform, until } from './limited-apps.js';

const headersOf = (context: ExecutionContext) => context.switchToHttp().getRequest().headers;

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

  @Get('skipped')
  @SkipRateLimit()
  skipped() {
    return 'skipped';
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
  @RateLimitKey(async (context) => headersOf(context)['x-user'])
  read() {
    return 'yours';
  }
}

const globalGuard = { provide: APP_GUARD, useExisting: RateLimitGuard };

const apps = new LimitedApps();
beforeAll(() => apps.open());
afterEach(() => apps.closeAll());
afterAll(() => apps.stop());

async function start(
  controllers: Type[],
  rateLimit: RedisFunctionsModuleOptions['rateLimit'] = {},
  providers: object[] = [],
  platform: Platform = 'express',
) {
  const app = await apps.start({ controllers, options: { rateLimit }, providers: providers as never, platform });
  return request(app.getHttpServer());
}

describe.each<Platform>(['express', 'fastify'])('@RateLimited() on %s', (platform) => {
  it('lets the limit through and answers 429 with what the client needs to know', async () => {
    const http = await start([PlainController], {}, [], platform);
    const first = await http.get('/plain/once').expect(200);
    expect(first.headers).toMatchObject({ 'ratelimit-policy': '"1h";q=1;w=3600', ratelimit: '"1h";r=0;t=3600' });
    const second = await http.get('/plain/once').expect(429);
    expect(second.body).toMatchObject({ statusCode: 429, error: 'Too Many Requests', policy: '1h' });
    expect(second.body.retryAfterMs).toBeGreaterThan(3_590_000);
    expect(second.headers).toMatchObject({ 'retry-after': '3600', 'ratelimit-policy': '"1h";q=1;w=3600' });
    const free = await http.get('/plain/free').expect(200);
    expect(free.headers.ratelimit).toBeUndefined();
    const byDefault = await http.get('/plain/default').expect(200);
    expect(byDefault.headers['ratelimit-policy']).toBe('"default";q=100;w=10');
  });

  it('sets the header fields that the module asks for', async () => {
    const http = await start([PlainController], { headers: { standard: 'draft-6', legacy: true } }, [], platform);
    const { headers } = await http.get('/plain/once').expect(200);
    expect(headers).toMatchObject({ 'ratelimit-limit': '1', 'x-ratelimit-limit': '1', 'x-ratelimit-remaining': '0' });
    expect(headers.ratelimit).toBeUndefined();
  });

  it('counts by a key of its own, and by the address where the key is nothing', async () => {
    const http = await start([KeyedController], {}, [], platform);
    await http.get('/keyed').set('x-user', 'ada').expect(200);
    await http.get('/keyed').set('x-user', 'ada').expect(429);
    await http.get('/keyed').set('x-user', 'bob').expect(200);
    await http.get('/keyed').set('x-user', '').expect(200);
    await http.get('/keyed').expect(429);
  });

  it('adds to what a limiter in front has said', async () => {
    const inFront = (
      _request: unknown,
      response: { setHeader(name: string, value: string): void },
      next: () => void,
    ) => {
      response.setHeader('RateLimit', '"site";r=7;t=9');
      response.setHeader('RateLimit-Policy', '"site";q=9;w=9');
      next();
    };
    const app = await apps.start({ controllers: [PlainController], platform, prepare: (app) => void app.use(inFront) });
    const { headers } = await request(app.getHttpServer()).get('/plain/once').expect(200);
    expect(headers.ratelimit).toBe('"site";r=7;t=9, "1h";r=0;t=3600');
    expect(headers['ratelimit-policy']).toBe('"site";q=9;w=9, "1h";q=1;w=3600');
  });

  it('charges a request once, however many guards it passes', async () => {
    const http = await start([ClassyController], {}, [globalGuard], platform);
    const first = await http.get('/classy/own').expect(200);
    expect(first.headers.ratelimit).toMatch(/^"1h";r=4;/);
  });

  it('holds a lease while a request runs, until its response or its connection has ended', async () => {
    const answers: Array<() => void> = [];

    @Controller('slow')
    @RateLimited({ limit: 1, window: '1h', algorithm: 'concurrency' })
    class SlowController {
      @Get('held')
      held() {
        return new Promise<string>((resolve) => answers.push(() => resolve('at last')));
      }

      @Get('quick')
      quick() {
        return 'done';
      }
    }
    const app = await apps.start({ controllers: [SlowController], platform });
    await app.listen(0, '127.0.0.1');
    const url = `http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}/slow`;
    const quick = async () => (await fetch(`${url}/quick`)).status;

    const held = fetch(`${url}/held`);
    await until(() => answers.length === 1);
    const refused = await fetch(`${url}/quick`);
    expect(refused.status).toBe(429);
    expect(refused.headers.get('ratelimit-policy')).toBe('"1h";q=1;qu="concurrent-requests"');
    answers.pop()?.();
    expect((await held).status).toBe(200);
    await until(async () => (await quick()) === 200);

    const leaving = httpGet(`${url}/held`).on('error', () => {});
    await until(async () => answers.length === 1);
    expect(await quick()).toBe(429);
    leaving.destroy();
    await until(async () => (await quick()) === 200);
    answers.pop()?.();
  });
});

describe('@RateLimited()', () => {
  it('shares a named policy between the routes that name it', async () => {
    const policies = { login: { limit: 2, window: '1h', algorithm: 'sliding-log' } } as const;
    const http = await start([LoginController], { policies });
    const first = await http.get('/login').expect(200);
    expect(first.headers['ratelimit-policy']).toBe('"login";q=2;w=3600');
    await http.get('/login/again').expect(200);
    await http.get('/login').expect(429);
  });

  it('keeps the counters of a named policy under the key of the client, for whoever works on them', async () => {
    const login = { name: 'login', limit: 1, window: '1h' } as const;
    const app = await apps.start({
      controllers: [LoginController],
      options: { rateLimit: { policies: { login }, key: () => 'ada' } },
    });
    const http = request(app.getHttpServer());
    await http.get('/login').expect(200);
    await http.get('/login').expect(429);
    await app.get(RateLimiter).reset('ada', { policies: [login] });
    await http.get('/login').expect(200);
    expect(await apps.keys()).toEqual(['rl:{ada}:login:tb']);
  });

  it('keeps several policies of one name apart from those of another', async () => {
    @Controller('two')
    class TwoController {
      @Get('reads')
      @RateLimited('reads')
      reads() {
        return 'reads';
      }

      @Get('writes')
      @RateLimited('writes')
      writes() {
        return 'writes';
      }
    }
    const several = [
      { name: 'burst', limit: 1, window: '1s' },
      { limit: 5, window: '1h' },
    ];
    const http = await start([TwoController], { policies: { reads: several, writes: several } });
    const { headers } = await http.get('/two/reads').expect(200);
    expect(headers['ratelimit-policy']).toBe('"reads.burst";q=1;w=1, "reads.1h";q=5;w=3600');
    await http.get('/two/writes').expect(200);
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

  it('limits every route by one default where its guard is global', async () => {
    const http = await start([PlainController, ClassyController], {}, [globalGuard]);
    const { headers } = await http.get('/plain/free').expect(200);
    expect(headers['ratelimit-policy']).toBe('"default";q=100;w=10');
    const skipped = await http.get('/plain/skipped').expect(200);
    expect(skipped.headers.ratelimit).toBeUndefined();
  });

  it('takes another default from the module', async () => {
    const policies = { default: { limit: 2, window: '1h' } };
    const http = await start([PlainController], { policies }, [globalGuard]);
    await http.get('/plain/free').expect(200);
    await http.get('/plain/default').expect(200);
    await http.get('/plain/free').expect(429);
    await http.get('/plain/once').expect(200);
  });

  it('lets pass what the module skips', async () => {
    const skip = async (context: ExecutionContext) => headersOf(context)['x-monitor'] === 'yes';
    const http = await start([PlainController], { skip });
    await http.get('/plain/once').expect(200);
    await http.get('/plain/once').expect(429);
    const skipped = await http.get('/plain/once').set('x-monitor', 'yes').expect(200);
    expect(skipped.headers.ratelimit).toBeUndefined();
  });

  it('takes an IPv6 subnet for one client', async () => {
    const from = async (addresses: string[], ipv6Subnet?: number | false) => {
      const app = await apps.start({
        controllers: [PlainController],
        options: { rateLimit: { ...(ipv6Subnet !== undefined && { ipv6Subnet }) } },
        prepare: (app) => app.getHttpAdapter().getInstance().set('trust proxy', true),
      });
      const statuses = [];
      for (const address of addresses) {
        const { status } = await request(app.getHttpServer()).get('/plain/once').set('x-forwarded-for', address);
        statuses.push(status);
      }
      await apps.closeAll();
      return statuses;
    };
    expect(await from(['2001:db8::1', '2001:db8:0:ff::2', '2001:db8:0:100::1'])).toEqual([200, 429, 200]);
    expect(await from(['2001:db8::1', '2001:db8::2'], false)).toEqual([200, 200]);
    expect(await from(['2001:db8::1', '2001:db8:0:1::1'], 64)).toEqual([200, 200]);
    expect(await from(['::ffff:192.0.2.1', '192.0.2.1'])).toEqual([200, 429]);
  });

  it('refuses shadows of policies to nobody', async () => {
    @Controller('shadow')
    class ShadowController {
      @Get()
      @RateLimited({ limit: 1, window: '1h', shadow: true })
      read() {
        return 'yours';
      }
    }
    const http = await start([ShadowController]);
    await http.get('/shadow').expect(200);
    const second = await http.get('/shadow').expect(200);
    expect(second.headers['retry-after']).toBeUndefined();
  });

  it('answers 503 where nobody may decide', async () => {
    const http = await start([PlainController], { onUnavailable: 'deny', deadlineMs: 50, onError: () => {} });
    await apps.redis.pause();
    try {
      const { body, headers } = await http.get('/plain/once').expect(503);
      expect(body).toMatchObject({ statusCode: 503, error: 'Service Unavailable', retryAfterMs: 1_000 });
      expect(headers['retry-after']).toBe('1');
    } finally {
      await apps.redis.resume();
    }
  });

  it('gives filters the decision', async () => {
    @Catch(RateLimitedException)
    class LimitFilter implements ExceptionFilter<RateLimitedException> {
      catch(exception: RateLimitedException, host: ArgumentsHost) {
        const { policies, key } = exception.decision;
        host.switchToHttp().getResponse().status(418).json({ status: exception.getStatus(), key, policies });
      }
    }
    const http = await start([PlainController], {}, [{ provide: APP_FILTER, useClass: LimitFilter }]);
    await http.get('/plain/once').expect(200);
    const { body } = await http.get('/plain/once').expect(418);
    expect(body).toMatchObject({ status: 429, key: expect.stringMatching(/once .*127\.0\.0\.1$/) });
    expect(body.policies).toMatchObject([{ name: '1h', limit: 1, allowed: false }]);
  });

  it('stays calm whatever clients send', async () => {
    @Controller('any')
    class AnyController {
      @Post()
      @RateLimited('any')
      @RateLimitKey((context) => context.switchToHttp().getRequest().body.key)
      write() {
        return 'written';
      }
    }
    const texts = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme', minLength: 300 }));
    const keys = fc.sample(fc.oneof(texts, fc.constantFrom('{', '}{', 'a}b', '\r\n', '__proto__'), fc.jsonValue()), {
      numRuns: 500,
      seed: 4,
    });
    const app = await apps.start({
      controllers: [AnyController],
      options: { rateLimit: { policies: { any: { limit: 1, window: '1h' } } } },
      prepare: (app) => app.getHttpAdapter().getInstance().set('trust proxy', true),
    });
    const http = request(app.getHttpServer());
    const addresses = [
      '',
      'x',
      '1.2.3',
      '::',
      '::1, 1.1.1.1',
      '1.1.1.1}',
      '%00',
      '"',
      '[::1]:99999',
      'a'.repeat(4_000),
    ];
    const seen = new Set<number>();
    for (const [index, key] of keys.entries()) {
      const from = addresses[index % addresses.length] ?? '';
      const { status } = await http.post('/any').set('x-forwarded-for', from).send({ key });
      seen.add(status);
    }
    expect([...seen].sort()).toEqual([201, 429]);
    const names = (await apps.redis.command('KEYS', '*')) as string[];
    for (const name of names) expect(name).toMatch(/^rl:\{[^{}]*\}:any:tb$|^rf:/);
  });
});

describe('limits and costs that depend on the call', () => {
  const PLANS: Readonly<Record<string, unknown>> = { free: 1, pro: 3, broken: Number.NaN, negative: -1, text: '5' };

  @Injectable()
  class Plans {
    async limitOf(plan: string): Promise<number> {
      if (plan === 'nobody') throw new ForbiddenException('Who are you?');
      return PLANS[plan] as number;
    }
  }

  @Module({ providers: [Plans], exports: [Plans] })
  class PlansModule {}

  @Controller('plans')
  @RateLimitKey((context) => headersOf(context)['x-user'])
  class PlansController {
    @Get()
    @RateLimited('plan')
    list() {
      return 'list';
    }

    @Get('inline')
    @RateLimited({ limit: (context) => PLANS[headersOf(context)['x-plan']] as number, window: '1h' })
    inline() {
      return 'inline';
    }

    @Post('tokens')
    @RateLimited({
      limit: 10,
      window: '1h',
      cost: async (context) => context.switchToHttp().getRequest().body.tokens,
    })
    tokens(@Body() body: object) {
      return body;
    }

    @Get('dear')
    @RateLimited({ policy: 'plan', cost: 2 })
    dear() {
      return 'dear';
    }

    @Get('dearer')
    @RateLimited({ policy: 'plan', cost: (context) => Number(headersOf(context)['x-cost']) })
    dearer() {
      return 'dearer';
    }
  }

  async function startPlans() {
    const testing = await Test.createTestingModule({
      imports: [
        RedisFunctionsModule.forRootAsync({
          imports: [PlansModule],
          inject: [Plans],
          useFactory: (plans: Plans) =>
            apps.options({
              rateLimit: {
                policies: { plan: { limit: (context) => plans.limitOf(headersOf(context)['x-plan']), window: '1h' } },
              },
            }),
        }),
      ],
      controllers: [PlansController],
    }).compile();
    testing.useLogger(false);
    app = testing.createNestApplication();
    await app.init();
    return request(app.getHttpServer());
  }
  let app: INestApplication;
  let http: ReturnType<typeof request>;
  const as = (plan: string, path = '/plans', user = plan) => http.get(path).set('x-user', user).set('x-plan', plan);

  beforeAll(async () => {
    http = await startPlans();
  });
  afterAll(() => app.close());

  it('asks injected services for the limit of a named policy', async () => {
    await as('free').expect(200);
    await as('free').expect(429);
    for (let i = 0; i < 3; i++) await as('pro').expect(200);
    const refused = await as('pro').expect(429);
    expect(refused.headers['ratelimit-policy']).toBe('"plan";q=3;w=3600');
    await as('broken').expect(500);
  });

  it('asks a function on the route', async () => {
    await as('free', '/plans/inline').expect(200);
    await as('free', '/plans/inline').expect(429);
    await as('pro', '/plans/inline').expect(200);
  });

  it('takes what a request costs, and refuses for good what costs too much', async () => {
    const send = (tokens: unknown) => http.post('/plans/tokens').set('x-user', 'ada').send({ tokens });
    await send(7).expect(201);
    const refused = await send(4).expect(429);
    expect(refused.headers['retry-after']).toBeDefined();
    await send(3).expect(201);
    const never = await send(11).expect(429);
    expect(never.headers['retry-after']).toBeUndefined();
    expect(never.body).toMatchObject({ retryAfterMs: 0, policy: '1h' });
    expect(never.body.message).toContain('more than the limit of 10');
  });

  it('takes another cost from a named policy', async () => {
    await as('pro', '/plans/dear', 'eve').expect(200);
    await as('pro', '/plans/dear', 'eve').expect(429);
    await as('pro', '/plans', 'eve').expect(200);
    await as('pro', '/plans/dearer', 'mallory').set('x-cost', '4').expect(429);
    const never = await as('free', '/plans/dear', 'trent').expect(429);
    expect(never.headers['retry-after']).toBeUndefined();
  });

  it('fails the call, and only it, for a number that cannot be, and says which and where', async () => {
    const errors: string[] = [];
    app.useLogger({ error: (error: unknown) => errors.push(String(error)), log() {}, warn() {} });
    for (const plan of ['broken', 'negative', 'text', 'unheard of']) {
      await as(plan).expect(500);
      await as(plan, '/plans/inline').expect(500);
    }
    await as('pro', '/plans/dearer').set('x-cost', 'x').expect(500);
    await http.post('/plans/tokens').set('x-user', 'eve').send({ tokens: -1 }).expect(500);
    app.useLogger(false);
    expect(errors.join('\n')).toContain('rateLimit.policies.plan: policies[0].limit is NaN. Give a whole number');
    expect(errors.join('\n')).toContain('PlansController.inline: policies[0].limit is -1. Give a whole number');
    expect(errors.join('\n')).toContain('PlansController.tokens: policies[0].cost is -1. Give a whole number');
    expect(errors.join('\n')).toContain('PlansController.dearer: cost is NaN. Give a whole number');
    await as('nobody').expect(403);
    await http.get('/plans/inline').set('x-user', 'eve').set('x-plan', 'free').expect(200);
  });
});

describe('a start with mistakes', () => {
  async function startWith(rule: unknown, rateLimit: object = {}) {
    @Controller('wrong')
    class WrongController {
      @Get()
      @RateLimited(rule as RateLimitRule)
      wrong() {}
    }
    await start([WrongController], rateLimit);
  }

  it('fails for a policy that nobody defined', async () => {
    await expect(start([LoginController])).rejects.toThrow(
      'LoginController.login is limited by the policy "login", and the module has no policy of that name (it has "default")',
    );
    await expect(startWith({ policy: 'api' })).rejects.toThrow('WrongController.wrong is limited by the policy "api"');
  });

  it.each([
    [{ limit: 1, window: 'soon' }, 'window'],
    [{ limit: 0, window: '1h' }, 'limit'],
    [{ limit: -1, window: '1h' }, 'limit'],
    [{ limit: 1.5, window: '1h' }, 'limit'],
    [{ limit: Number.NaN, window: '1h' }, 'limit'],
    [{ limit: Number.POSITIVE_INFINITY, window: '1h' }, 'limit'],
    [{ limit: '5', window: '1h' }, 'limit'],
    [{ limit: 1, window: 0 }, 'window'],
    [{ limit: 1, window: '0s' }, 'window'],
    [{ limit: 1, window: '1h', cost: 2 }, 'cost'],
    [{ limit: () => 1, window: 'soon' }, 'window'],
    [{ limit: 1, window: '1h', name: 'two words' }, 'name'],
    [{ limit: 1, window: '1h', algorithm: 'magic' }, 'algorithm'],
    [{ limit: 1 }, 'window'],
    [[], 'policies'],
    [[null], 'policies[0]'],
    [null, 'policies[0]'],
    [5, 'policies[0]'],
    [{ policy: 'default', cost: 101 }, 'cost'],
    [{ policy: 'default', cost: 0 }, 'cost'],
  ])('fails for %j, and names class, method and field', async (rule, field) => {
    const start = startWith(rule);
    await expect(start).rejects.toThrow('WrongController.wrong: ');
    await expect(start).rejects.toThrow(field);
    await expect(start).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  it('fails for mistakes in the module', async () => {
    const login = (policy: unknown) => startWith('login', { policies: { login: policy } });
    await expect(login({ limit: 0, window: '1h' })).rejects.toThrow('rateLimit.policies.login: policies[0].limit is 0');
    await expect(login([{ limit: 1 }, { limit: 2, window: '1h' }])).rejects.toThrow('rateLimit.policies.login: window');
    await expect(login([])).rejects.toThrow('rateLimit.policies.login');
    await expect(startWith(undefined, { policies: { 'a b': { limit: 1, window: 1 } } })).rejects.toThrow('name');
    await expect(startWith(undefined, { key: 'ip' })).rejects.toThrow('rateLimit.key is not a function');
    await expect(startWith(undefined, { skip: true })).rejects.toThrow('rateLimit.skip is not a function');
    await expect(startWith(undefined, { ipv6Subnet: 128 })).rejects.toThrow('rateLimit.ipv6Subnet is 128');
  });
});

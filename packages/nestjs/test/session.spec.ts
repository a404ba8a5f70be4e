import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  Controller,
  Delete,
  Get,
  type INestApplication,
  type MiddlewareConsumer,
  Module,
  Param,
  Post,
  Session,
} from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { type RequestSession, SessionService } from '@redis-functions/session';
import request from 'supertest';
import {
  CurrentSession,
  NoTouch,
  Public,
  RequireFreshSession,
  SessionGuard,
  SessionHandle,
  type SessionModuleOptions,
  SessionUser,
  SessionValue,
} from '../src/index.js';
import { LimitedApps, type Platform } from './limited-apps.js';

const routingKey = 'a routing key of the tests, 32 characters or more';
const apps = new LimitedApps();
beforeAll(() => apps.open());
afterEach(() => apps.closeAll());
afterAll(() => apps.stop());

@Controller()
class AccountController {
  constructor(private readonly service: SessionService) {}

  @Post('login/:user')
  @Public()
  async login(@Param('user') user: string, @CurrentSession() session: RequestSession) {
    return { handle: (await session.login(user, { theme: 'dark' })).handle };
  }

  @Post('logout')
  async logout(@Session() session: RequestSession) {
    return { ended: await session.logout() };
  }

  @Get('me')
  me(
    @SessionUser() user: string | null,
    @SessionHandle() handle: string | null,
    @SessionValue('theme') theme: unknown,
  ) {
    return { user, handle, theme };
  }

  @Get('public')
  @Public()
  open() {
    return 'open';
  }

  @Get('guest')
  @Public()
  guest(@SessionUser() user: string | null, @SessionValue('theme') theme: unknown) {
    return { user, theme: theme ?? null };
  }

  @Get('poll')
  @NoTouch()
  poll(@SessionUser() user: string) {
    return { user };
  }

  @Delete('account')
  @RequireFreshSession(1_000)
  remove() {
    return 'removed';
  }

  @Delete('others')
  async others(@CurrentSession() session: RequestSession) {
    return { ended: await session.revokeOthers() };
  }

  @Post('late')
  async late(@CurrentSession() session: RequestSession) {
    await session.set({ late: true });
    await this.service.revokeAll('late');
    return { saved: true };
  }

  @Post('theme/:name')
  async theme(@Param('name') theme: string, @CurrentSession() session: RequestSession) {
    await session.set({ theme });
    return 'set';
  }
}
Reflect.defineMetadata('design:paramtypes', [SessionService], AccountController);

describe.each<Platform>(['express', 'fastify'])('sessions on %s', (platform) => {
  const start = (session: Partial<SessionModuleOptions> = {}, parts: object = {}): Promise<INestApplication> =>
    apps.start({
      platform,
      controllers: [AccountController],
      providers: [{ provide: APP_GUARD, useExisting: SessionGuard }],
      options: { session: { routingKey, deadlineMs: 5_000, ...session } },
      ...parts,
    });
  const cookieOf = (response: request.Response) => response.get('Set-Cookie')?.[0]?.split(';')[0] ?? '';
  const loggedIn = async (app: INestApplication, user = 'ada') =>
    cookieOf(await request(app.getHttpServer()).post(`/login/${user}`).expect(201));
  const calls = async () => {
    const stats = String(await apps.redis.command('INFO', 'commandstats'));
    const counts = stats.matchAll(/cmdstat_(?:fcall|fcall_ro|hset):calls=(\d+)/g);
    return [...counts].map(([, count]) => Number(count)).reduce((sum, count) => sum + count, 0);
  };

  it('let in who is logged in, until they log out', async () => {
    const app = await start();
    const http = request(app.getHttpServer());
    const refused = await http.get('/me').expect(401);
    expect(refused.body).toEqual({ statusCode: 401, code: 'NOT_LOGGED_IN', message: 'Log in first.' });
    const login = await http.post('/login/ada').expect(201);
    const cookie = cookieOf(login);
    expect(login.get('Set-Cookie')?.[0]).toMatch(/^id=1\..*; Path=\/; HttpOnly; SameSite=Lax$/);
    expect(login.headers['cache-control']).toBe('no-store');
    const { handle } = login.body;
    await http.get('/me').set('Cookie', cookie).expect(200, { user: 'ada', handle, theme: 'dark' });
    await http.post('/theme/light').set('Cookie', cookie).expect(201, 'set');
    await http.get('/me').set('Cookie', cookie).expect(200, { user: 'ada', handle, theme: 'light' });
    await http.post('/logout').set('Cookie', cookie).expect(201, { ended: true });
    await http.get('/me').set('Cookie', cookie).expect(401);
    await http.get('/guest').set('Cookie', cookie).expect(200, { user: null, theme: null });
  });

  it('cost nothing on public routes, one call where they are asked for, and no write for a page that polls', async () => {
    const app = await start({ idle: 1_000 });
    const http = request(app.getHttpServer());
    const cookie = await loggedIn(app);
    let before = await calls();
    await http.get('/public').set('Cookie', cookie).expect(200, 'open');
    expect(await calls()).toBe(before);
    before = await calls();
    await http.get('/me').set('Cookie', cookie).expect(200);
    expect(await calls()).toBeLessThanOrEqual(before + 2);
    // a twentieth of the idle time later a read would be noted
    const written = async () =>
      /cmdstat_hset:calls=(\d+)/.exec(String(await apps.redis.command('INFO', 'commandstats')));
    await new Promise((resolve) => setTimeout(resolve, 60));
    const [, writes] = (await written()) ?? [];
    await http.get('/poll').set('Cookie', cookie).expect(200, { user: 'ada' });
    expect((await written())?.[1]).toBe(writes);
    await http.get('/me').set('Cookie', cookie).expect(200);
    expect(Number((await written())?.[1])).toBe(Number(writes) + 1);
  });

  it('want a fresh login where that is asked for', async () => {
    const app = await start();
    const http = request(app.getHttpServer());
    await http.delete('/account').expect(401);
    const cookie = await loggedIn(app);
    await http.delete('/account').set('Cookie', cookie).expect(200, 'removed');
    let status = 200;
    while (status === 200) ({ status } = await http.delete('/account').set('Cookie', cookie));
    const { body } = await http.delete('/account').set('Cookie', cookie).expect(403);
    expect(body).toEqual({ statusCode: 403, code: 'LOGIN_NOT_FRESH', message: 'Log in again to do this.' });
    const again = cookieOf(await http.post('/login/ada').set('Cookie', cookie));
    await http.delete('/account').set('Cookie', again).expect(200, 'removed');
  });

  it('end the others, and answer what was ended meanwhile instead of what is not true', async () => {
    const app = await start();
    const http = request(app.getHttpServer());
    const [one, two] = [await loggedIn(app), await loggedIn(app)];
    await http.delete('/others').set('Cookie', one).expect(200, { ended: 1 });
    await http.get('/me').set('Cookie', two).expect(401);
    const late = await loggedIn(app, 'late');
    const { body } = await http.post('/late').set('Cookie', late).expect(409);
    expect(body).toMatchObject({ statusCode: 409, code: 'SESSION_GONE' });
    expect(JSON.stringify(body)).not.toContain('saved');
  });

  it('are there for middleware that a module puts in front of its routes', async () => {
    const seen: unknown[] = [];
    @Module({})
    class SeeingModule {
      configure(consumer: MiddlewareConsumer) {
        consumer
          .apply(async (incoming: { session: RequestSession }, _response: unknown, next: () => void) => {
            seen.push((await incoming.session.load())?.userId ?? null);
            next();
          })
          .forRoutes('*path');
      }
    }
    const app = await start({}, { imports: [SeeingModule] });
    const cookie = await loggedIn(app);
    await request(app.getHttpServer()).get('/me').set('Cookie', cookie).expect(200);
    expect(seen).toEqual([null, 'ada']);
  });

  it('are a 503 in time while Redis is away, and nothing of the server is told', async () => {
    const app = await start({ deadlineMs: 200 });
    const http = request(app.getHttpServer());
    const cookie = await loggedIn(app);
    apps.redis.pause();
    try {
      const { body, headers } = await http.get('/me').set('Cookie', cookie).expect(503);
      expect(headers['retry-after']).toBe('1');
      expect(body).toMatchObject({ statusCode: 503, code: 'DEADLINE_EXCEEDED' });
      expect(JSON.stringify(body)).not.toMatch(/redis|\d{4}/i);
      await http.get('/public').set('Cookie', cookie).expect(200);
    } finally {
      apps.redis.resume();
      await apps.redis.command('PING');
    }
  });

  it('refuse what other sites send, where that is asked for', async () => {
    const app = await start({ csrf: true });
    const http = request(app.getHttpServer());
    const { body } = await http.post('/login/eve').set('Sec-Fetch-Site', 'cross-site').expect(403);
    expect(body).toMatchObject({ code: 'CSRF_OTHER_SITE' });
    await http.post('/login/ada').set('Sec-Fetch-Site', 'same-origin').expect(201);
    await http.get('/public').set('Sec-Fetch-Site', 'cross-site').expect(200);
  });

  it('bind the cookie to this host behind a proxy that is trusted', async () => {
    const { FastifyAdapter } = await import('@nestjs/platform-fastify');
    const app = await start(
      {},
      {
        prepare: (made: INestApplication) => {
          if (platform === 'express') made.getHttpAdapter().getInstance().set('trust proxy', 1);
        },
        ...(platform === 'fastify' && { adapter: new FastifyAdapter({ trustProxy: true }) }),
      },
    );
    const response = await request(app.getHttpServer()).post('/login/ada').set('X-Forwarded-Proto', 'https');
    expect(response.get('Set-Cookie')?.[0]).toMatch(/^__Host-id=1\..*; Secure;/);
  });
});

describe('sessions that nobody configured', () => {
  it('say which option is missing where they are asked for', async () => {
    const app = await apps.start({ controllers: [AccountController] });
    const errors: string[] = [];
    app.useLogger({ error: (error: unknown) => errors.push(String(error)), log() {}, warn() {} });
    await request(app.getHttpServer()).get('/guest').expect(500);
    expect(errors.join()).toContain('Give "session" to forRoot or forRootAsync');
    await request(app.getHttpServer()).get('/public').expect(200);
  });

  it('refuse what is no option, and no time, when they are configured', async () => {
    const start = (session: object) =>
      apps.start({ options: { session: { routingKey, ...session } as SessionModuleOptions } });
    await expect(start({ cookie: { maxAge: 1 } })).rejects.toMatchObject({ field: 'cookie.maxAge' });
    await expect(start({ socketCheckMs: 0 })).rejects.toMatchObject({ field: 'session.socketCheckMs' });
    await expect(start({ maxSesions: 1 })).rejects.toMatchObject({ field: 'maxSesions' });
    await expect(start({ csrf: { secret: 'x' } })).rejects.toMatchObject({ field: 'secret' });
    expect(() => RequireFreshSession('soon' as never)).toThrow(expect.objectContaining({ field: 'freshFor' }));
  });
});

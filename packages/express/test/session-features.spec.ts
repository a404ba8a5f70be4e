import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { RedisFunctions } from '@redis-functions/core';
import { SessionService } from '@redis-functions/session';
import { type RedisServer, startRedis } from '@redis-functions/testing';
import express, { type Express } from 'express';
import request from 'supertest';
import { noTouch, type SessionOptions, session, sessionProblems } from '../src/index.js';

const routingKey = 'a routing key of the tests, 32 characters or more';
const SECRETS = ['the secret of this year, long enough to be one', 'the secret of last year, long enough to be one'];

let redis: RedisServer;
let functions: RedisFunctions;
let service: SessionService;

beforeAll(async () => {
  redis = await startRedis();
  functions = new RedisFunctions({ url: redis.url, deadlineMs: 5_000 });
  service = new SessionService({ functions, routingKey });
  await functions.deploy();
});
beforeEach(() => redis.command('FLUSHALL'));
afterAll(async () => {
  await functions.close();
  await redis.stop();
});

function shop(options: SessionOptions = { service }): Express {
  const app = express();
  app.set('trust proxy', 1);
  app.set('env', 'test');
  app.use(session(options));
  app.get('/me', async ({ session }, response) => {
    const found = await session.load();
    response.json(found && { user: found.userId, data: found.data });
  });
  app.get('/poll', noTouch, async ({ session }, response) => void response.json((await session.load())?.userId));
  app.post('/login/:user', async ({ session, params }, response) => {
    response.json((await session.login(params.user)).handle);
  });
  app.post('/logout', async ({ session }, response) => void response.json(await session.logout()));
  app.post('/rotate', async ({ session, query }, response) => {
    response.json(await session.rotate(query['grace'] === undefined ? {} : { grace: Number(query['grace']) }));
  });
  app.post('/visit', async ({ session }, response) => void response.json(await session.increment('visits')));
  app.post('/seen/:id', async ({ session, params }, response) => {
    response.json(await session.append('seen', params.id, { mostItems: 3 }));
  });
  app.post('/flash/:text', async ({ session, params }, response) => {
    await session.flash('info', params.text);
    response.redirect('/flash');
  });
  app.get('/flash', async ({ session }, response) => void response.json(await session.takeFlash('info')));
  app.get('/fresh', async ({ session }, response) => void response.json(await session.isFresh('5m')));
  app.get('/devices', async ({ session }, response) => void response.json(await session.devices()));
  app.delete('/devices', async ({ session }, response) => void response.json(await session.revokeOthers()));
  app.delete('/devices/:handle', async ({ session, params }, response) => {
    response.json(await session.revoke(params.handle));
  });
  app.use(sessionProblems());
  return app;
}

const cookieOf = (response: request.Response) => response.get('Set-Cookie')?.[0]?.split(';')[0] ?? '';
const loggedIn = async (app: Express, user = 'ada') => cookieOf(await request(app).post(`/login/${user}`).expect(200));
const me = (app: Express, cookie: string) => request(app).get('/me').set('Cookie', cookie);
async function calls(): Promise<number> {
  const stats = String(await redis.command('INFO', 'commandstats'));
  return [...stats.matchAll(/cmdstat_fcall(?:_ro)?:calls=(\d+)/g)].reduce((sum, [, calls]) => sum + Number(calls), 0);
}

describe('rotation', () => {
  it('gives a new cookie, and leads who still has the old one to it', async () => {
    const app = shop();
    const old = await loggedIn(app);
    const rotated = await request(app).post('/rotate').set('Cookie', old).expect(200, 'true');
    const next = cookieOf(rotated);
    expect(next).not.toBe(old);
    expect(rotated.headers['cache-control']).toBe('no-store');
    const behind = await me(app, old).expect({ user: 'ada', data: {} });
    expect(cookieOf(behind)).toBe(next);
    expect(cookieOf(await me(app, next).expect({ user: 'ada', data: {} }))).toBe('');
  });

  it('takes the old cookie no more where the session may do more, and leaves a newer cookie alone', async () => {
    const app = shop();
    const old = await loggedIn(app);
    const next = cookieOf(await request(app).post('/rotate?grace=0').set('Cookie', old).expect(200, 'true'));
    const late = await me(app, old).expect(200, 'null');
    expect(late.headers['set-cookie']).toBeUndefined();
    await me(app, next).expect({ user: 'ada', data: {} });
    await request(app).post('/rotate').set('Cookie', old).expect(200, 'false');
    await request(app).post('/rotate').expect(200, 'false');
  });
});

describe('changes that the server makes', () => {
  it('add, append and give a flash message once, however many ask, a guest included', async () => {
    const app = shop();
    const first = await request(app).post('/visit').expect(200, '1');
    const cookie = cookieOf(first);
    const sums = await Promise.all(
      Array.from({ length: 10 }, () => request(app).post('/visit').set('Cookie', cookie).expect(200)),
    );
    expect(new Set(sums.map(({ body }) => body)).size).toBe(10);
    for (const count of ['1', '2', '3']) await request(app).post(`/seen/${count}`).set('Cookie', cookie).expect(count);
    await request(app)
      .post('/seen/4')
      .set('Cookie', cookie)
      .expect(409)
      .expect(/LIST_FULL/);
    await request(app).post('/flash/saved').set('Cookie', cookie).expect(302);
    const pages = await Promise.all(
      Array.from({ length: 5 }, () => request(app).get('/flash').set('Cookie', cookie).expect(200)),
    );
    expect(pages.flatMap(({ body }) => body)).toEqual(['saved']);
    await me(app, cookie).expect({ user: null, data: { visits: 11, seen: ['1', '2', '3'] } });
  });

  it('come in the order that the handler gives, with what it sets', async () => {
    const app = shop().get('/mixed', async ({ session }, response) => {
      await session.set({ n: 1, list: [] });
      const sum = await session.increment('n', 2);
      void session.append('list', sum);
      const { data } = await session.set({ done: true });
      response.json(data);
    });
    const cookie = await loggedIn(app);
    const mixed = { n: 3, list: [3], done: true };
    await request(app).get('/mixed').set('Cookie', cookie).expect(200, mixed);
    await me(app, cookie).expect({ user: 'ada', data: mixed });
  });

  it('take one call where the visitor has a session, and none for messages where they have not', async () => {
    const app = shop();
    const cookie = await loggedIn(app);
    const before = await calls();
    await request(app).get('/flash').expect(200, []);
    expect(await calls()).toBe(before);
    await request(app).post('/visit').set('Cookie', cookie).expect(200, '1');
    await request(app).get('/flash').set('Cookie', cookie).expect(200, []);
    expect(await calls()).toBe(before + 2);
  });

  it('start anew for a cookie that opens nothing any more, and bring nothing back that ended meanwhile', async () => {
    const app = shop().post('/ended', async ({ session }, response) => {
      await session.load();
      await service.revokeAll('ada');
      response.json(await session.increment('visits'));
    });
    const cookie = await loggedIn(app);
    await request(app)
      .post('/ended')
      .set('Cookie', cookie)
      .expect(409)
      .expect(/ended meanwhile/);
    const anew = await request(app).post('/visit').set('Cookie', cookie).expect(200, '1');
    expect(cookieOf(anew)).not.toBe('');
    await me(app, cookieOf(anew)).expect({ user: null, data: { visits: 1 } });
  });
});

describe('session()', () => {
  it('may be given twice, and says so where another middleware has taken its place', async () => {
    const twice = express().use(session({ service }), session({ service }));
    twice.post('/login/:user', async ({ session, params }, response) => {
      response.json((await session.login(params.user)).userId);
    });
    expect((await request(twice).post('/login/ada').expect(200)).get('Set-Cookie')).toHaveLength(1);
    const taken = express().set('env', 'test');
    taken.use((incoming, _response, next) => {
      incoming.session = {} as never;
      next();
    });
    taken.use(session({ service }), sessionProblems());
    await request(taken)
      .get('/')
      .expect(500)
      .expect(/SESSION_TAKEN/);
  });

  it('answers with the error of a reading that nobody awaits, or with what it read; it never ends the process', async () => {
    const lost: unknown[] = [];
    const listen = (error: unknown) => lost.push(error);
    process.on('unhandledRejection', listen);
    try {
      const soon = new SessionService({ functions, routingKey, deadlineMs: 50 });
      const app = shop({ service: soon });
      app.get('/unheard', ({ session }, response) => {
        void session.isFresh('soon' as never);
        void session.isFresh('5m');
        void session.devices();
        response.json('done');
      });
      app.get('/unheard-flash', ({ session }, response) => {
        void session.flash('info', 1n);
        response.json('done');
      });
      const cookie = await loggedIn(app);
      await request(app).get('/unheard').set('Cookie', cookie).expect(200);
      await request(app)
        .get('/unheard-flash')
        .set('Cookie', cookie)
        .expect(500)
        .expect(/BigInt|bigint/);
      redis.pause();
      await request(app).get('/unheard').set('Cookie', cookie).expect(200);
      await new Promise((resolve) => setTimeout(resolve, 100));
    } finally {
      redis.resume();
      await redis.command('PING');
      process.off('unhandledRejection', listen);
    }
    expect(lost).toEqual([]);
  });
});

describe('devices', () => {
  it('are listed with the current one, and ended one by one or all but this', async () => {
    const app = shop();
    const [phone, laptop, tablet] = [await loggedIn(app), await loggedIn(app), await loggedIn(app)];
    const { body } = await request(app).get('/devices').set('Cookie', laptop).set('User-Agent', 'x').expect(200);
    expect(body).toHaveLength(3);
    const current = body.find((device: { current: boolean }) => device.current);
    expect(laptop).toContain(current.handle);
    const other = body.find(({ handle }: { handle: string }) => phone.includes(handle));
    await request(app).delete(`/devices/${other.handle}`).set('Cookie', laptop).expect(200, 'true');
    await request(app).delete('/devices/nobody').set('Cookie', laptop).expect(200, 'false');
    await me(app, phone).expect(200, 'null');
    await request(app).delete('/devices').set('Cookie', laptop).expect(200, '1');
    await me(app, tablet).expect(200, 'null');
    const own = await request(app).delete(`/devices/${current.handle}`).set('Cookie', laptop).expect(200, 'true');
    expect(own.get('Set-Cookie')?.[0]).toMatch(/Max-Age=0/);
    await me(app, laptop).expect(200, 'null');
  });

  it('are none of a guest or a visitor', async () => {
    const app = shop();
    const guest = cookieOf(await request(app).post('/visit'));
    for (const cookie of [guest, 'id=junk']) {
      await request(app).get('/devices').set('Cookie', cookie).expect(200, []);
      await request(app).delete('/devices').set('Cookie', cookie).expect(200, '0');
      await request(app).delete('/devices/x').set('Cookie', cookie).expect(200, 'false');
      await request(app).get('/fresh').set('Cookie', cookie).expect(200, 'false');
    }
    await request(app)
      .get('/fresh')
      .set('Cookie', await loggedIn(app))
      .expect(200, 'true');
  });
});

describe('the idle time', () => {
  it('is not begun anew by a page that asks by itself', async () => {
    const idle = new SessionService({ functions, routingKey, idle: 400 });
    const app = shop({ service: idle });
    const cookie = await loggedIn(app);
    const ends = Date.now() + 3_000;
    let body: unknown = 'ada';
    while (body === 'ada') {
      ({ body } = await request(app).get('/poll').set('Cookie', cookie));
      expect(Date.now()).toBeLessThan(ends);
    }
    // one that a person asks for lives on
    const used = await loggedIn(app);
    const until = Date.now() + 800;
    while (Date.now() < until) await me(app, used).expect({ user: 'ada', data: {} });
  });
});

describe('the cookie', () => {
  it('is signed where secrets are given, and what nobody signed costs no call', async () => {
    const app = shop({ service, cookie: { secrets: SECRETS } });
    const cookie = await loggedIn(app);
    await me(app, cookie).expect({ user: 'ada', data: {} });
    const unsigned = cookie.slice(0, cookie.lastIndexOf('.'));
    const before = await calls();
    const changed = `${cookie.slice(0, -1)}${cookie.endsWith('A') ? 'B' : 'A'}`;
    for (const forged of [unsigned, changed, `${cookie}x`, cookie.replace('id=1', 'id=2')]) {
      await me(app, forged).expect(200, 'null');
    }
    expect(await calls()).toBe(before);
  });

  it('is signed anew where an old secret signed it, and forgotten with the secret', async () => {
    const [now, last] = SECRETS as [string, string];
    const cookie = await loggedIn(shop({ service, cookie: { secrets: last } }));
    const both = shop({ service, cookie: { secrets: [now, last] } });
    const anew = cookieOf(await me(both, cookie).expect({ user: 'ada', data: {} }));
    const one = shop({ service, cookie: { secrets: now } });
    await me(one, anew).expect({ user: 'ada', data: {} });
    await me(one, cookie).expect(200, 'null');
  });

  it('is none where there are two: another host of the domain may have set one', async () => {
    const warning = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
    try {
      const app = shop();
      const [victim, attacker] = [await loggedIn(app), await loggedIn(app, 'eve')];
      await me(app, `${attacker}; ${victim}`).expect(200, 'null');
      await me(app, `${victim}; ${attacker}`).expect(200, 'null');
      await me(app, `${victim}; ${victim}; other=1`).expect({ user: 'ada', data: {} });
      expect(warning).toHaveBeenCalledTimes(1);
      expect(warning).toHaveBeenCalledWith(expect.anything(), {
        type: 'SessionWarning',
        code: 'SESSION_COOKIE_TOSSED',
      });
      // by HTTPS a browser lets nobody else set it
      const secure = { 'X-Forwarded-Proto': 'https', Cookie: `${attacker}; __Host-${victim}` };
      await request(app).get('/me').set(secure).expect({ user: 'ada', data: {} });
    } finally {
      warning.mockRestore();
    }
  });

  it('stays when the browser closes where that is asked for, to the absolute end', async () => {
    const response = await request(shop({ service, cookie: { persistent: true } })).post('/login/ada');
    expect(response.get('Set-Cookie')?.[0]).toMatch(/; Max-Age=28800; /);
  });

  it('that nobody here has made is not adopted, and junk costs no call', async () => {
    const app = shop();
    const planted = `id=1.${'a'.repeat(16)}.${'b'.repeat(22)}.${'c'.repeat(43)}`;
    const login = await request(app).post('/login/ada').set('Cookie', planted).expect(200);
    expect(cookieOf(login)).not.toBe(planted);
    await me(app, planted).expect(200, 'null');
    const before = await calls();
    for (const junk of ['id=junk', `id=${'x'.repeat(7_000)}`, 'id=__proto__', `${planted}x`, 'id="1.2.3.4"']) {
      await me(app, junk).expect(200, 'null');
      await request(app).post('/logout').set('Cookie', junk).expect(200, 'false');
    }
    expect(await calls()).toBe(before);
  });

  it.each([
    [{ secrets: 'brief' }, 'cookie.secrets'],
    [{ secrets: [SECRETS[0], 7] }, 'cookie.secrets'],
    [{ persistent: 'yes' }, 'cookie.persistent'],
    [{ maxAge: 7 }, 'cookie.maxAge'],
  ])('refuses the options %j by name, and repeats no secret', (cookie, field) => {
    const make = () => session({ service, cookie: cookie as never });
    expect(make).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT', field }));
    expect(make).not.toThrow('brief');
  });
});

describe('secrets', () => {
  it('are in no key, no value, no event and no log', async () => {
    const texts: string[] = [];
    const spies = (['log', 'warn', 'error', 'info', 'debug'] as const).map((name) =>
      jest.spyOn(console, name).mockImplementation((...args) => void texts.push(JSON.stringify(args))),
    );
    const own = new SessionService({ functions, routingKey, maxSessions: 2, expiryEvents: true, onReuse: 'end' });
    for (const name of ['created', 'rotated', 'evicted', 'destroyed', 'expired', 'reuse', 'failed'] as const) {
      own.on(name, (event: unknown) => texts.push(JSON.stringify(event)));
    }
    const write = jest.spyOn(process.stderr, 'write').mockImplementation((text) => {
      texts.push(String(text));
      return true;
    });
    const cookies: string[] = [];
    try {
      const app = shop({ service: own });
      for (let i = 0; i < 3; i++) cookies.push(await loggedIn(app));
      const last = String(cookies.at(-1));
      cookies.push(cookieOf(await request(app).post('/rotate?grace=1').set('Cookie', last)));
      cookies.push(cookieOf(await request(app).post('/visit')));
      for (const cookie of cookies) await me(app, cookie);
      texts.push(JSON.stringify((await request(app).get('/devices').set('Cookie', last)).body));
      for (const key of (await redis.command('KEYS', '*')) as string[]) {
        texts.push(key, String(await redis.command('DUMP', key)));
        const type = await redis.command('TYPE', key);
        if (type === 'hash') texts.push(JSON.stringify(await redis.command('HGETALL', key)));
        if (type === 'zset') texts.push(JSON.stringify(await redis.command('ZRANGE', key, '0', '-1', 'WITHSCORES')));
      }
      await redis.command('SAVE');
      await own.close();
    } finally {
      for (const spy of [...spies, write]) spy.mockRestore();
    }
    const all = texts.join('\n');
    expect(all).toContain(String(cookies[0]?.split('.')[2]));
    for (const cookie of cookies) {
      expect(cookie.split('.')).toHaveLength(4);
      expect(all).not.toContain(cookie.split('.')[3]);
    }
  });
});

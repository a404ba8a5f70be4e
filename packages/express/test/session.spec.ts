import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { RedisFunctions } from '@redis-functions/core';
import { SessionService } from '@redis-functions/session';
import { type RedisServer, startRedis } from '@redis-functions/testing';
import express, { type Express } from 'express';
import request from 'supertest';
import { type SessionOptions, session, sessionProblems } from '../src/index.js';

/** As an application does it. */
declare module '@redis-functions/session' {
  interface SessionData {
    visits?: number;
  }
}

async function until(condition: () => boolean): Promise<void> {
  for (let turn = 0; !condition(); turn++) {
    if (turn > 1_000) throw new Error('it has not become true');
    await sleep(5);
  }
}

const routingKey = 'a routing key of the tests, 32 characters or more';

describe('session()', () => {
  let redis: RedisServer;
  let functions: RedisFunctions;
  let service: SessionService;

  beforeAll(async () => {
    redis = await startRedis();
    functions = new RedisFunctions({ url: redis.url, deadlineMs: 5_000 });
    service = new SessionService({ functions, routingKey });
  });
  afterAll(async () => {
    await functions.close();
    await redis.stop();
  });

  /** @param routes Added after those below, and before the error handlers. */
  function shop(options: SessionOptions = { service }, routes: (app: Express) => void = () => {}): Express {
    const app = express();
    app.set('trust proxy', 1);
    app.set('env', 'test');
    app.use(session(options));
    routes(app);
    app.get('/plain', (_, response) => void response.send('plain'));
    app.get('/me', async ({ session }, response) => {
      const found = await session.load();
      response.json(found && { user: found.userId, data: found.data });
    });
    app.post('/login/:user', async ({ session, params }, response) => {
      const { handle, data } = await session.login(params.user);
      response.json({ handle, data });
    });
    app.post('/logout', async ({ session }, response) => void response.json(await session.logout()));
    app.put('/set/:key/:value', async ({ session, params: { key, value } }, response) => {
      const { data } = await session.set({ [key]: value === 'undefined' ? undefined : value });
      response.json(data);
    });
    app.use(sessionProblems());
    return app;
  }

  const calls = async () => {
    const stats = String(await redis.command('INFO', 'commandstats'));
    return [...stats.matchAll(/cmdstat_fcall(?:_ro)?:calls=(\d+)/g)].reduce((sum, [, calls]) => sum + Number(calls), 0);
  };
  const cookieOf = (response: request.Response) => response.get('Set-Cookie')?.[0] ?? '';
  /** A user's cookie, as a browser sends it. */
  const loggedIn = async (user: string, app = shop()) =>
    cookieOf(await request(app).post(`/login/${user}`)).split(';')[0] as string;

  it('costs nothing on a route that never looks, and one call on one that does', async () => {
    const agent = request.agent(shop());
    await agent.post('/login/ada').expect(200);
    const before = await calls();
    await agent.get('/plain').expect(200, 'plain');
    expect(await calls()).toBe(before);
    await agent.get('/me').expect(200, { user: 'ada', data: {} });
    expect(await calls()).toBe(before + 1);
  });

  it('sets a cookie that scripts cannot read, once there is a session, and tells caches to keep out', async () => {
    const app = shop();
    expect((await request(app).get('/me').expect(200)).headers['set-cookie']).toBeUndefined();
    const response = await request(app).put('/set/theme/dark').expect(200, { theme: 'dark' });
    expect(response.get('Set-Cookie')).toHaveLength(1);
    expect(cookieOf(response)).toMatch(/^id=1\.[\w-]{16}\.[\w-]{22}\.[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax$/);
    expect(response.headers['cache-control']).toBe('no-store');
  });

  it('binds the cookie to this host where the connection is secure', async () => {
    const app = shop();
    const response = await request(app).post('/login/ada').set('X-Forwarded-Proto', 'https').expect(200);
    expect(cookieOf(response)).toMatch(/^__Host-id=1\..*; Path=\/; HttpOnly; Secure; SameSite=Lax$/);
    const cookie = cookieOf(response).split(';')[0] as string;
    await request(app)
      .get('/me')
      .set('X-Forwarded-Proto', 'https')
      .set('Cookie', cookie)
      .expect({ user: 'ada', data: {} });
    // a cookie that another host could have planted
    await request(app)
      .get('/me')
      .set('X-Forwarded-Proto', 'https')
      .set('Cookie', cookie.replace('__Host-', ''))
      .expect(200, 'null');
  });

  it('takes a guest through login to logout, and no old cookie opens anything', async () => {
    const app = shop();
    const guest = cookieOf(await request(app).put('/set/cart/7'));
    const login = await request(app).post('/login/ada').set('Cookie', guest);
    expect(login.body.data).toEqual({ cart: '7' });
    const user = cookieOf(login);
    await request(app).get('/me').set('Cookie', guest).expect(200, 'null');
    await request(app)
      .get('/me')
      .set('Cookie', user)
      .expect({ user: 'ada', data: { cart: '7' } });
    const logout = await request(app).post('/logout').set('Cookie', user).expect(200, 'true');
    expect(cookieOf(logout)).toMatch(/^id=; Max-Age=0/);
    await request(app).get('/me').set('Cookie', user).expect(200, 'null');
    await request(app).post('/logout').set('Cookie', user).expect(200, 'false');
    await request(app).post('/logout').expect(200, 'false');
  });

  it('writes what a request changes as one patch, which is there when the answer is', async () => {
    const app = shop({ service }, (app) => {
      app.put('/several', async ({ session }, response) => {
        await session.set({ a: 1, b: 2 });
        await session.set({ b: undefined, c: 3 });
        const { data } = await session.set({ a: 4 });
        response.json({ data, loaded: (await session.load())?.data });
      });
      app.put('/nobody-waits', ({ session }, response) => {
        void session.set({ d: 5 });
        response.json('done');
      });
    });
    const cookie = await loggedIn('one-patch', app);
    const before = await calls();
    const data = { a: 4, c: 3 };
    await request(app).put('/several').set('Cookie', cookie).expect(200, { data, loaded: data });
    expect(await calls()).toBe(before + 2);
    await request(app).put('/nobody-waits').set('Cookie', cookie).expect(200, '"done"');
    await request(app)
      .get('/me')
      .set('Cookie', cookie)
      .expect({ user: 'one-patch', data: { ...data, d: 5 } });
    await request(app).put('/set/a/undefined').set('Cookie', cookie).expect({ c: 3, d: 5 });
  });

  it('takes what nobody awaits in order: the cookie is of the session that is there', async () => {
    const app = shop({ service }, (app) => {
      app.post('/hasty', ({ session }, response) => {
        void session.set({ guest: true });
        void session.login('hasty');
        void session.set({ user: true });
        response.json('done');
      });
    });
    const response = await request(app).post('/hasty').expect(200, '"done"');
    expect(response.get('Set-Cookie')).toHaveLength(1);
    await request(app)
      .get('/me')
      .set('Cookie', cookieOf(response))
      .expect({ user: 'hasty', data: { guest: true, user: true } });
  });

  it('answers with the error of what nobody awaits, and not with success', async () => {
    const app = shop({ service }, (app) => {
      app.put('/unheard', async ({ session }, response) => {
        void session.set({ bad: 1n as unknown });
        // it has failed by then
        await session.load();
        response.json('saved');
      });
      app.put('/heard', async ({ session }, response) => {
        const settled = await Promise.allSettled([session.set({ bad: 1n as unknown }), session.set({ good: 1 })]);
        response.json(settled.map(({ status }) => status));
      });
    });
    const cookie = await loggedIn('unheard', app);
    await request(app)
      .put('/unheard')
      .set('Cookie', cookie)
      .expect(500)
      .expect(/INVALID_SESSION_DATA/);
    await request(app).put('/heard').set('Cookie', cookie).expect(200, ['rejected', 'fulfilled']);
    await request(app)
      .get('/me')
      .set('Cookie', cookie)
      .expect({ user: 'unheard', data: { good: 1 } });
  });

  it('loads what was set before, awaited or not', async () => {
    const app = shop({ service }, (app) => {
      app.put('/then-load', async ({ session }, response) => {
        void session.set({ a: 1 });
        response.json((await session.load())?.data);
      });
    });
    const cookie = await loggedIn('then-load', app);
    await request(app).put('/then-load').set('Cookie', cookie).expect(200, { a: 1 });
  });

  it('takes what a guest has just changed along to the user', async () => {
    const app = shop({ service }, (app) => {
      app.post('/set-and-login', async ({ session }, response) => {
        await session.set({ fresh: true, old: undefined });
        response.json((await session.login('along')).data);
      });
    });
    const guest = cookieOf(await request(app).put('/set/old/1'));
    await request(app).post('/set-and-login').set('Cookie', guest).expect(200, { fresh: true });
  });

  it('brings back nothing that was ended meanwhile, says so instead of the answer, and leaves the cookie', async () => {
    const app = shop({ service }, (app) => {
      app.put('/slow', async ({ session }, response) => {
        await session.set({ late: true });
        await service.revokeAll('gone');
        response.status(201).set('ETag', '"of the answer"').json({ saved: true });
      });
      app.put('/careful', async ({ session }, response) => {
        await session.set({ late: true });
        await service.revokeAll('gone');
        await session.save().catch(({ code }) => response.status(422).json({ code }));
      });
    });
    const cookie = await loggedIn('gone', app);
    const response = await request(app).put('/slow').set('Cookie', cookie).expect(409);
    expect(response.headers['content-type']).toMatch('application/problem+json');
    expect(response.headers['etag']).not.toBe('"of the answer"');
    expect(response.body).toMatchObject({ code: 'SESSION_GONE', status: 409, title: 'Conflict' });
    // a login in another tab may have set a new one
    expect(response.headers['set-cookie']).toBeUndefined();
    await request(app).get('/me').set('Cookie', cookie).expect(200, 'null');
    const again = await loggedIn('gone', app);
    await request(app).put('/careful').set('Cookie', again).expect(422, { code: 'SESSION_GONE' });
  });

  it('sends the first answer, whatever comes after it while it waits', async () => {
    const app = shop({ service }, (app) => {
      app.put('/twice', async ({ session }, response) => {
        await session.set({ a: 1 });
        response.status(201).json('first');
        response.status(500).set('X-After', 'yes').json('second');
        throw new Error('after the answer');
      });
    });
    const cookie = await loggedIn('twice', app);
    const response = await request(app).put('/twice').set('Cookie', cookie).expect(201, '"first"');
    expect(response.headers['x-after']).toBeUndefined();
    expect(response.headers['content-length']).toBe('7');
  });

  it('holds streams and heads back as well', async () => {
    const parts = Array.from({ length: 200 }, (_, i) => `${i}`.repeat(1_000));
    const app = shop({ service }, (app) => {
      app.get('/stream', async ({ session }, response) => {
        await session.set({ streamed: true });
        Readable.from(parts).pipe(response);
      });
      app.get('/head', async ({ session }, response) => {
        await session.login('head');
        response.writeHead(202, { 'Set-Cookie': 'other=1', 'Cache-Control': 'public', 'X-Own': 'kept' });
        response.write('a');
        response.end('b');
      });
      app.get('/flush', async ({ session }, response) => {
        await session.set({ flushed: true });
        response.flushHeaders();
        await until(() => response.headersSent);
        // written at once: there is nothing left to hold back
        await session.set({ after: true });
        response.end('c');
      });
    });
    const cookie = await loggedIn('stream', app);
    await request(app).get('/stream').set('Cookie', cookie).expect(200, parts.join(''));
    await request(app).get('/flush').set('Cookie', cookie).expect(200, 'c');
    const data = { streamed: true, flushed: true, after: true };
    await request(app).get('/me').set('Cookie', cookie).expect({ user: 'stream', data });
    const response = await request(app).get('/head').expect(202, 'ab');
    expect(response.get('Set-Cookie')).toEqual(['other=1', expect.stringMatching(/^id=1\./)]);
    expect(response.headers).toMatchObject({ 'cache-control': 'no-store', 'x-own': 'kept' });
  });

  it('starts no session when the response has begun: its cookie could not be sent', async () => {
    let code: unknown;
    const app = shop({ service }, (app) => {
      app.get('/late', async ({ session }, response) => {
        response.write('a');
        await session.start().catch((error) => {
          code = error.code;
        });
        response.end('b');
      });
    });
    expect((await request(app).get('/late').expect(200, 'ab')).headers['set-cookie']).toBeUndefined();
    expect(code).toBe('RESPONSE_STARTED');
  });

  it('keeps the cookie of a session that was made, also where the request fails afterwards', async () => {
    const app = shop({ service }, (app) => {
      app.post('/fails', async ({ session }) => {
        await session.login('fails');
        throw new Error('on purpose');
      });
    });
    const response = await request(app).post('/fails').expect(500);
    expect(response.headers['cache-control']).toBe('no-store');
    await request(app).get('/me').set('Cookie', cookieOf(response)).expect({ user: 'fails', data: {} });
  });

  it('knows the types that the application gives its data', async () => {
    const app = shop({ service }, (app) => {
      app.get('/typed', async ({ session }, response) => {
        const visits: number | undefined = (await session.load())?.data.visits;
        await session.set({ visits: (visits ?? 0) + 1, other: 'anything' });
        response.json(visits ?? null);
      });
      app.get('/removed', async ({ session }, response) => {
        // @ts-expect-error a number
        await session.set({ visits: 'many' });
        const { data } = await session.set({ visits: undefined });
        response.json(data);
      });
    });
    const agent = request.agent(app);
    for (const visits of ['null', '1', '2']) await agent.get('/typed').expect(200, visits);
    await agent.get('/removed').expect(200, { other: 'anything' });
  });

  it('refuses data that cannot be kept where it is set', async () => {
    const app = shop({ service }, (app) => {
      app.put('/bad', async ({ session }, response) => {
        const codes: unknown[] = [];
        for (const value of [() => 1, 1n, 'x'.repeat(70_000)]) {
          await session.set({ value }).catch(({ code }) => codes.push(code));
        }
        response.json(codes);
      });
    });
    const cookie = await loggedIn('bad', app);
    await request(app)
      .put('/bad')
      .set('Cookie', cookie)
      .expect(200, ['INVALID_SESSION_DATA', 'INVALID_SESSION_DATA', 'SESSION_TOO_LARGE']);
    await request(app).get('/me').set('Cookie', cookie).expect({ user: 'bad', data: {} });
  });

  it('takes junk and forged cookies for no session', async () => {
    const app = shop();
    const cookie = cookieOf(await request(app).post('/login/ada')).split(';')[0] as string;
    const forged = `${cookie.slice(0, -4)}AAAA`;
    for (const junk of ['id=', 'id=junk', 'id=%00', 'id={}', `id=${'x'.repeat(7000)}`, 'id', '=;=;', forged]) {
      await request(app).get('/me').set('Cookie', junk).expect(200, 'null');
    }
  });

  it('keeps both of two changes that two requests make at once', async () => {
    const app = shop();
    const cookie = cookieOf(await request(app).post('/login/eve'));
    await Promise.all(
      Array.from({ length: 20 }, (_, i) => request(app).put(`/set/key${i}/${i}`).set('Cookie', cookie).expect(200)),
    );
    const { body } = await request(app).get('/me').set('Cookie', cookie);
    expect(Object.keys(body.data)).toHaveLength(20);
  });

  describe('without Redis', () => {
    let own: RedisServer;
    let away: RedisFunctions;
    /** Takes the time that a loaded machine needs; `options` has one that gives up soon. */
    let patient: SessionService;
    let options: { service: SessionService };
    let cookie: string;

    beforeAll(async () => {
      own = await startRedis();
      away = new RedisFunctions({ url: own.url });
      patient = new SessionService({ functions: away, routingKey });
      options = { service: new SessionService({ functions: away, routingKey, deadlineMs: 200 }) };
    });
    afterAll(async () => {
      await away.close();
      await own.stop();
    });

    const outage = async (during: () => Promise<void>) => {
      cookie = await loggedIn('ada', shop({ service: patient }));
      own.pause();
      try {
        await during();
      } finally {
        own.resume();
        // until it answers again
        await own.command('PING');
      }
    };

    it('is refused in time: 503, and the others go on', () =>
      outage(async () => {
        const response = await request(shop(options)).get('/me').set('Cookie', cookie).expect(503);
        expect(response.headers['content-type']).toMatch('application/problem+json');
        expect(response.headers['retry-after']).toBe('1');
        expect(response.body).toMatchObject({ code: 'DEADLINE_EXCEEDED', title: 'Service Unavailable' });
        expect(JSON.stringify(response.body)).not.toContain(String(own.port));
        await request(shop(options)).post('/logout').set('Cookie', cookie).expect(503);
        await request(shop(options)).get('/plain').set('Cookie', cookie).expect(200);
      }));

    it('is a 503 also where nobody handles errors', () =>
      outage(async () => {
        const app = express().use(session(options));
        app.get('/me', async ({ session }, response) => void response.json(await session.load()));
        const response = await request(app).get('/me').set('Cookie', cookie).expect(503);
        expect(response.headers['retry-after']).toBe('1');
      }));

    it('is a visitor without a session where one may look, but nobody loses their cookie for it', () =>
      outage(async () => {
        const app = shop({ ...options, onUnavailable: 'anonymous' });
        await request(app).get('/me').set('Cookie', cookie).expect(200, 'null');
        const response = await request(app).put('/set/a/1').set('Cookie', cookie).expect(503);
        expect(response.headers['set-cookie']).toBeUndefined();
      }));

    it('replaces no session by a new one when it is back within the request', () =>
      outage(async () => {
        const app = shop({ ...options, onUnavailable: 'anonymous' }, (app) => {
          app.put('/blip', async ({ session }, response) => {
            expect(await session.load()).toBeNull();
            own.resume();
            await away.ping();
            await session.set({ a: 1 });
            response.json('saved');
          });
        });
        const response = await request(app).put('/blip').set('Cookie', cookie).expect(503);
        expect(response.headers['set-cookie']).toBeUndefined();
        await request(shop({ service: patient }))
          .get('/me')
          .set('Cookie', cookie)
          .expect({ user: 'ada', data: {} });
      }));

    it('says so instead of an answer that is not true', async () => {
      const app = shop(options, (app) => {
        app.put('/then-away', async ({ session }, response) => {
          await session.set({ a: 1 });
          own.pause();
          response.json({ saved: true });
        });
        app.post('/nobody-waits', ({ session }, response) => {
          own.pause();
          void session.load();
          void session.login('nobody');
          response.json({ loggedIn: true });
        });
      });
      cookie = await loggedIn('ada', shop({ service: patient }));
      const lost: unknown[] = [];
      const listen = (error: unknown) => lost.push(error);
      process.on('unhandledRejection', listen);
      try {
        for (const [method, path] of [
          ['put', '/then-away'],
          ['post', '/nobody-waits'],
        ] as const) {
          const response = await request(app)[method](path).set('Cookie', cookie).expect(503);
          expect(response.headers['set-cookie']).toBeUndefined();
          own.resume();
        }
      } finally {
        own.resume();
        process.off('unhandledRejection', listen);
      }
      expect(lost).toEqual([]);
    });
  });

  it('makes its own service and connection where it is given none, and closes what it made', async () => {
    const env = { ...process.env };
    process.env['REDIS_URL'] = redis.url;
    process.env['SESSION_ROUTING_KEY'] = routingKey;
    const middlewares = [session(), session({ url: redis.url, idle: '1h' }), session({ functions, maxSessions: 3 })];
    try {
      for (const middleware of middlewares) {
        const app = express().use(middleware);
        app.post('/', async ({ session }, response) => void response.json((await session.login('own')).userId));
        await request(app).post('/').expect(200, '"own"');
        expect((await middleware.service.list('own')).length).toBeGreaterThan(0);
        await middleware.close();
      }
      // the same routing key: they have found each other's
      expect(await service.revokeAll('own')).toBe(3);
      await expect(middlewares[0]?.service.list('own')).rejects.toMatchObject({ code: 'CLOSED' });
      expect(await middlewares[2]?.service.list('own')).toEqual([]);
      delete process.env['SESSION_ROUTING_KEY'];
      process.env['NODE_ENV'] = 'production';
      expect(() => session()).toThrow(/randomBytes\(32\)/);
    } finally {
      process.env = env;
    }
  });

  it('warns of a proxy that nobody trusts: the cookie would go without Secure', async () => {
    const warning = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
    try {
      const app = shop().set('trust proxy', false);
      for (let i = 0; i < 2; i++) await request(app).post('/login/ada').set('X-Forwarded-Proto', 'https').expect(200);
      expect(warning).toHaveBeenCalledTimes(1);
      expect(warning).toHaveBeenCalledWith(
        expect.stringContaining('trust proxy'),
        expect.objectContaining({ code: 'SESSION_IGNORES_PROXY' }),
      );
    } finally {
      warning.mockRestore();
    }
  });

  it.each([
    [{ cookie: { name: 'a b' } }, 'cookie.name'],
    [{ cookie: { sameSite: 'none' } }, 'cookie.sameSite'],
    [{ onUnavailable: 'hang' }, 'onUnavailable'],
    [{ cookie: { secure: 'yes' } }, 'cookie.secure'],
    [{ idle: '1m' }, 'idle'],
    [{ url: 'redis://localhost' }, 'url'],
    [{ service: undefined, functions: {}, url: 'redis://localhost' }, 'url'],
    [{ service: undefined, functions: {}, maxSesions: 1 }, 'maxSesions'],
  ])('refuses the options %j by name', (options, field) => {
    const make = () => session({ service, ...(options as SessionOptions) });
    expect(make).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT', field }));
  });
});

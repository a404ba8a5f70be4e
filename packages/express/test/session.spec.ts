import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RedisFunctions } from '@redis-functions/core';
import { SessionService } from '@redis-functions/session';
import { type RedisServer, startRedis } from '@redis-functions/testing';
import express, { type ErrorRequestHandler, type Express } from 'express';
import request from 'supertest';
import { type SessionOptions, session } from '../src/index.js';

const routingKey = 'a routing key of the tests, 32 characters or more';

describe('session()', () => {
  let redis: RedisServer;
  let functions: RedisFunctions;
  let service: SessionService;

  beforeAll(async () => {
    redis = await startRedis();
    functions = new RedisFunctions({ url: redis.url, deadlineMs: 500 });
    service = new SessionService({ functions, routingKey });
  });
  afterAll(async () => {
    await functions.close();
    await redis.stop();
  });

  function shop(options: SessionOptions = { service }): Express {
    const app = express();
    app.set('trust proxy', 1);
    app.use(session(options));
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
    const onError: ErrorRequestHandler = (error, _request, response, _next) =>
      void response.status(error.code === 'SESSION_GONE' ? 410 : 503).json({ code: error.code });
    app.use(onError);
    return app;
  }

  const calls = async () => {
    const stats = String(await redis.command('INFO', 'commandstats'));
    return [...stats.matchAll(/cmdstat_fcall(?:_ro)?:calls=(\d+)/g)].reduce((sum, [, calls]) => sum + Number(calls), 0);
  };
  const cookieOf = (response: request.Response) => response.get('Set-Cookie')?.[0] ?? '';

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

  it('removes keys, and brings back nothing that was ended meanwhile', async () => {
    const agent = request.agent(shop());
    await agent.put('/set/a/1').expect(200);
    await agent.put('/set/b/2').expect(200, { a: '1', b: '2' });
    await agent.put('/set/a/undefined').expect(200, { b: '2' });

    const app = shop();
    app.put('/slow', async ({ session }, response) => {
      await session.load();
      await service.revokeAll('ada');
      await session.set({ late: true });
      response.send('never');
    });
    app.use(
      ((error, _request, response, _next) =>
        void response.status(410).json({ code: error.code })) as ErrorRequestHandler,
    );
    const cookie = cookieOf(await request(app).post('/login/ada'));
    const response = await request(app).put('/slow').set('Cookie', cookie).expect(410, { code: 'SESSION_GONE' });
    expect(cookieOf(response)).toMatch(/^id=; Max-Age=0/);
    await request(app).get('/me').set('Cookie', cookie).expect(200, 'null');
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

  it('ends in time when Redis is away: refused, or as a visitor without a session', async () => {
    const own = await startRedis();
    const away = new RedisFunctions({ url: own.url, deadlineMs: 200 });
    const service = new SessionService({ functions: away, routingKey });
    const cookie = cookieOf(await request(shop({ service })).post('/login/ada'));
    own.pause();
    await request(shop({ service })).get('/me').set('Cookie', cookie).expect(503, { code: 'DEADLINE_EXCEEDED' });
    await request(shop({ service, onUnavailable: 'anonymous' }))
      .get('/me')
      .set('Cookie', cookie)
      .expect(200, 'null');
    await request(shop({ service })).get('/plain').set('Cookie', cookie).expect(200);
    own.resume();
    await away.close();
    await own.stop();
  });

  it.each([
    [{ cookie: { name: 'a b' } }, 'cookie.name'],
    [{ cookie: { sameSite: 'none' } }, 'cookie.sameSite'],
    [{ onUnavailable: 'hang' }, 'onUnavailable'],
    [{ idle: '1m' }, 'idle'],
  ])('refuses the options %j by name', (options, field) => {
    const make = () => session({ service, ...(options as SessionOptions) });
    expect(make).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT', field }));
  });
});

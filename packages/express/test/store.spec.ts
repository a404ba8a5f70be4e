import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { RedisFunctions } from '@redis-functions/core';
import {
  availableServers,
  type RedisCluster,
  type RedisServer,
  startCluster,
  startRedis,
} from '@redis-functions/testing';
import { RedisStore } from 'connect-redis';
import express, { type Request, type Response } from 'express';
import expressSession, { Cookie, type SessionData } from 'express-session';
import { Cluster } from 'ioredis';
import { createClient, createCluster } from 'redis';
import request from 'supertest';
import { SessionStore, type SessionStoreOptions } from '../src/index.js';

type Data = SessionData & Record<string, unknown>;

const cookie = (expiresInMs?: number) => {
  const made = new Cookie();
  if (expiresInMs !== undefined) made.maxAge = expiresInMs;
  return made;
};
const sessionOf = (data: object, expiresInMs?: number) => ({ ...data, cookie: cookie(expiresInMs) }) as Data;

describe.each(availableServers())('SessionStore on $name', ({ path }) => {
  let redis: RedisServer;
  let functions: RedisFunctions;
  let store: SessionStore;

  beforeAll(async () => {
    redis = await startRedis({ server: path });
    functions = new RedisFunctions({ url: redis.url });
    store = new SessionStore({ functions });
  });
  beforeEach(() => redis.command('FLUSHALL'));
  afterAll(async () => {
    await functions.close();
    await redis.stop();
  });

  /** An application on the store, with what a test needs of express-session. */
  function shop(use: expressSession.Store = store, options: Partial<expressSession.SessionOptions> = {}) {
    const app = express();
    app.set('env', 'test');
    const settings = { secret: 'a secret', resave: false, saveUninitialized: false, ...options };
    app.use(expressSession({ ...settings, store: use }));
    const data = (incoming: Request) => incoming.session as unknown as expressSession.Session & Data;
    app.get('/me', (incoming, response) => {
      const { cookie: _, ...rest } = data(incoming);
      response.json(rest);
    });
    app.put('/set/:key/:value', (incoming, response) => {
      data(incoming)[incoming.params.key] = incoming.params.value;
      response.end();
    });
    app.delete('/set/:key', (incoming, response) => {
      delete data(incoming)[incoming.params.key];
      response.end();
    });
    app.post('/run', async (incoming, response, next) => {
      await running(data(incoming), response).catch(next);
    });
    let running: (session: expressSession.Session & Data, response: Response) => Promise<unknown> = async () => {};
    return Object.assign(app, {
      run: (work: typeof running) => {
        running = work;
      },
    });
  }
  const cookieOf = (response: request.Response) => String(response.get('Set-Cookie')?.[0]).split(';')[0] as string;
  const begin = async (app: express.Express, key = 'user', value = 'ada') =>
    cookieOf(await request(app).put(`/set/${key}/${value}`).expect(200));
  const done = <T>(work: (callback: (error?: unknown, value?: T) => void) => void) =>
    new Promise<T>((resolve, reject) => work((error, value) => (error ? reject(error as Error) : resolve(value as T))));

  it('keeps what express-session gives it, under the key that connect-redis uses, to the millisecond', async () => {
    await store.set('abc', sessionOf({ cart: { items: [1, null] }, 'any key: é😀"{}': 'é' }, 1_500));
    expect(await redis.command('KEYS', 'sess:*')).toEqual(['sess:abc']);
    const ttl = Number(await redis.command('PTTL', 'sess:abc'));
    expect(ttl).toBeGreaterThan(1_000);
    expect(ttl).toBeLessThanOrEqual(1_500);
    const found = (await store.get('abc')) as Data;
    expect(found).toMatchObject({ cart: { items: [1, null] }, 'any key: é😀"{}': 'é' });
    expect(Number(new Date(String(found.cookie.expires)))).toBeGreaterThan(Date.now());
    await store.set('day', sessionOf({}));
    expect(Number(await redis.command('TTL', 'sess:day'))).toBeGreaterThan(86_390);
  });

  it('answers to callbacks and by promises', async () => {
    expect(await done((callback) => store.get('none', callback))).toBeNull();
    await done((callback) => store.set('a', sessionOf({ n: 1 }), callback));
    expect(await done((callback) => store.get('a', callback))).toMatchObject({ n: 1 });
    expect(await done((callback) => store.length(callback))).toBe(1);
    expect(await done((callback) => store.ids(callback))).toEqual(['a']);
    expect(await done((callback) => store.all(callback))).toMatchObject([{ id: 'a', n: 1 }]);
    await done((callback) => store.touch('a', sessionOf({}), callback));
    await done((callback) => store.destroy('a', callback));
    await done((callback) => store.clear(callback));
    expect(await store.length()).toBe(0);
  });

  it('lives on by touch, with the new end in its cookie, and brings nothing back by it', async () => {
    await store.set('a', sessionOf({ n: 1 }, 1_000));
    await store.touch('a', sessionOf({}, 60_000));
    expect(Number(await redis.command('PTTL', 'sess:a'))).toBeGreaterThan(50_000);
    const { cookie: touched } = (await store.get('a')) as Data;
    expect(Number(new Date(String(touched.expires))) - Date.now()).toBeGreaterThan(50_000);
    await store.touch('none', sessionOf({}, 60_000));
    expect(await redis.command('EXISTS', 'sess:none')).toBe(0);
    const still = new SessionStore({ functions, disableTouch: true });
    await still.touch('a', sessionOf({}, 600_000));
    expect(Number(await redis.command('PTTL', 'sess:a'))).toBeLessThan(100_000);
  });

  it('takes the other options of connect-redis', async () => {
    const forever = new SessionStore({ functions, prefix: 'app*[1]:', disableTTL: true, scanCount: 1 });
    await forever.set('a', sessionOf({}, 1_000));
    await redis.command('SET', 'appX1:b', 'of somebody else');
    expect(await redis.command('PTTL', 'app*[1]:a')).toBe(-1);
    expect(await forever.ids()).toEqual(['a']);
    const brief = new SessionStore({ functions, ttl: ({ cookie }) => (cookie.originalMaxAge === null ? 5 : 0) });
    await brief.set('b', sessionOf({}));
    expect(Number(await redis.command('PTTL', 'sess:b'))).toBeLessThanOrEqual(5_000);
    await brief.set('b', sessionOf({}, 1_000));
    expect(await brief.get('b')).toBeNull();
    await store.set('c', sessionOf({ n: 1 }, 1_000));
    await store.set('c', sessionOf({ n: 2 }, -1_000));
    expect(await store.get('c')).toBeNull();
  });

  it('keeps what another serializer writes, which may be another text each time', async () => {
    let salt = 0;
    const serializer = {
      stringify: (session: SessionData) => `${salt++}:${Buffer.from(JSON.stringify(session)).toString('base64')}`,
      parse: async (text: string) =>
        JSON.parse(Buffer.from(String(text.split(':')[1]), 'base64').toString()) as SessionData,
    };
    const sealed = new SessionStore({ functions, serializer });
    const app = shop(sealed);
    const sid = await begin(app, 'secret', 'plan');
    expect(
      JSON.stringify(await redis.command('HGETALL', String(((await redis.command('KEYS', 'sess:*')) as string[])[0]))),
    ).not.toContain('plan');
    await Promise.all(
      Array.from({ length: 10 }, (_, i) => request(app).put(`/set/k${i}/1`).set('Cookie', sid).expect(200)),
    );
    expect(Object.keys((await request(app).get('/me').set('Cookie', sid)).body)).toHaveLength(11);
  });

  it('works in express-session: changes, removals, regeneration, reload, destruction', async () => {
    const app = shop();
    const sid = await begin(app);
    await request(app).put('/set/n/1').set('Cookie', sid).expect(200);
    await request(app).delete('/set/user').set('Cookie', sid).expect(200);
    await request(app).get('/me').set('Cookie', sid).expect({ n: '1' });
    app.run(async (session, response) => {
      session['twice'] = 1;
      await done((callback) => session.save(callback));
      session['twice'] = 2;
      session['own'] = true;
      await done((callback) => session.save(callback));
      await done((callback) => session.reload(callback));
      response.json(true);
    });
    await request(app).post('/run').set('Cookie', sid).expect(200);
    await request(app).get('/me').set('Cookie', sid).expect({ n: '1', twice: 2, own: true });
    app.run(async (session, response) => {
      await done((callback) => session.regenerate(callback));
      response.json(true);
    });
    const anew = await request(app).post('/run').set('Cookie', sid).expect(200);
    expect(anew.body).toBe(true);
    await request(app).get('/me').set('Cookie', sid).expect({});
    const other = await begin(app);
    app.run(async (session, response) => {
      await done((callback) => session.destroy(callback));
      response.json(true);
    });
    await request(app).post('/run').set('Cookie', other).expect(200);
    // express-session keeps one that was regenerated, though there is nothing in it
    expect((await store.all()).map((session) => Object.keys(session))).toEqual([['cookie', 'id']]);
  });

  it('writes only what a request has changed, and for a read what lets it live on', async () => {
    const app = shop(store, { cookie: { maxAge: 60_000 } });
    const sid = await begin(app, 'big', 'x'.repeat(5_000));
    const monitor = await createClient({ url: redis.url }).connect();
    const commands: string[] = [];
    await monitor.monitor((line) => void commands.push(String(line)));
    await request(app).put('/set/small/1').set('Cookie', sid).expect(200);
    await request(app).get('/me').set('Cookie', sid).expect(200);
    await redis.command('PING', 'end');
    while (!commands.some((line) => line.includes('"end"'))) await new Promise((resolve) => setTimeout(resolve, 5));
    monitor.destroy();
    const calls = commands
      .filter((line) => /"FCALL(_RO)?"/i.test(line))
      .map((line) => /"(expresssession_\w+)"/.exec(line)?.[1]);
    expect(calls).toEqual(['expresssession_get', 'expresssession_patch', 'expresssession_get', 'expresssession_touch']);
    const patch = String(commands.find((line) => line.includes('"expresssession_patch"')));
    // the rest is for a session of connect-redis, which this one is not
    expect(patch.length).toBeLessThan(1_000);
  });

  it('reads the sessions of connect-redis, and changes them when it first writes', async () => {
    const client = await createClient({ url: redis.url }).connect();
    const before = new RedisStore({ client });
    const old = shop(before);
    const sid = await begin(old);
    const app = shop();
    await request(app).get('/me').set('Cookie', sid).expect({ user: 'ada' });
    expect(await store.all()).toMatchObject([{ user: 'ada' }]);
    await Promise.all(
      Array.from({ length: 10 }, (_, i) => request(app).put(`/set/k${i}/1`).set('Cookie', sid).expect(200)),
    );
    expect(Object.keys((await request(app).get('/me').set('Cookie', sid)).body)).toHaveLength(11);
    // while processes with connect-redis go on
    const other = await begin(old);
    app.run(async (session, response) => {
      await request(old).put('/set/theirs/1').set('Cookie', other).expect(200);
      session['ours'] = 1;
      response.end();
    });
    await request(app).post('/run').set('Cookie', other).expect(200);
    await request(app).get('/me').set('Cookie', other).expect({ user: 'ada', theirs: '1', ours: 1 });
    // one that has read an older text than the one that was converted
    const third = await begin(old);
    app.run(async (session, response) => {
      await request(old).put('/set/theirs/1').set('Cookie', third).expect(200);
      await request(shop()).put('/set/between/1').set('Cookie', third).expect(200);
      session['ours'] = 1;
      response.end();
    });
    await request(app).post('/run').set('Cookie', third).expect(200);
    await request(app).get('/me').set('Cookie', third).expect({ user: 'ada', theirs: '1', between: '1', ours: 1 });
    client.destroy();
  });

  it('keeps what requests have changed when somebody replaces the session that they have read', async () => {
    const app = shop();
    const sid = await begin(app);
    app.run(async (session, response) => {
      const [id = ''] = await store.ids();
      await store.set(id, sessionOf({ user: 'eve' }));
      session['ours'] = 1;
      response.end();
    });
    await request(app).post('/run').set('Cookie', sid).expect(200);
    await request(app).get('/me').set('Cookie', sid).expect({ user: 'eve', ours: 1 });
  });

  it('refuses what cannot be kept with an error, and leaves the session as it was', async () => {
    await store.set('a', sessionOf({ kept: true }));
    const cycle: Record<string, unknown> = {};
    cycle['self'] = cycle;
    for (const value of [1n, cycle, { toJSON: () => 1n }]) {
      await expect(store.set('a', sessionOf({ value }))).rejects.toMatchObject({ code: 'INVALID_SESSION_DATA' });
    }
    await expect(store.set('a', sessionOf({ 'half \ud83d': 1 }))).rejects.toMatchObject({
      code: 'INVALID_SESSION_DATA',
    });
    const never = { cookie: { originalMaxAge: null, expires: 'soon' } };
    for (const change of [store.set('a', never), store.touch('a', never)]) {
      await expect(change).rejects.toMatchObject({ code: 'INVALID_SESSION_DATA' });
    }
    await expect(new SessionStore({ functions, ttl: () => Number.NaN }).set('a', sessionOf({}))).rejects.toThrow('ttl');
    const error = await done((callback) => store.set('a', sessionOf({ value: 1n }), callback)).catch((e) => e);
    expect(error).toMatchObject({ code: 'INVALID_SESSION_DATA' });
    expect(await store.get('a')).toMatchObject({ kept: true });
    // as JSON does it
    await store.set('b', sessionOf({ gone: undefined, called: () => 1, big: 'x'.repeat(1_000_000) }));
    expect(Object.keys((await store.get('b')) as Data).sort()).toEqual(['big', 'cookie']);
    const hostile = JSON.parse('{"__proto__":{"admin":true},"constructor":{"prototype":1}}');
    await store.set('c', Object.assign(Object.create(null), hostile, { cookie: cookie() }) as Data);
    expect(((await store.get('c')) as Data)['admin']).toBeUndefined();
    expect(({} as Data)['admin']).toBeUndefined();
  });

  it('reads, touches and ends sessions on a full server', async () => {
    await store.set('a', sessionOf({ n: 1 }, 60_000));
    await redis.command('CONFIG', 'SET', 'maxmemory-policy', 'noeviction', 'maxmemory', '1');
    try {
      await expect(store.set('b', sessionOf({}))).rejects.toMatchObject({ code: 'OOM' });
      expect(await store.get('a')).toMatchObject({ n: 1 });
      await store.touch('a', sessionOf({}, 90_000));
      await store.destroy('a');
      expect(await store.get('a')).toBeNull();
    } finally {
      await redis.command('CONFIG', 'SET', 'maxmemory', '0');
    }
  });

  it('fails in bounded time where the server does not answer', async () => {
    const soon = new SessionStore({ functions, deadlineMs: 100 });
    const app = shop(soon);
    const sid = await begin(app);
    redis.pause();
    try {
      const start = performance.now();
      await request(app).get('/me').set('Cookie', sid).expect(500);
      await expect(soon.destroy('a')).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
      expect(performance.now() - start).toBeLessThan(3_000);
    } finally {
      redis.resume();
    }
  });

  it('says what is wrong with a key that holds something else, or a call that could never work', async () => {
    await redis.command('RPUSH', 'sess:list', '1');
    await redis.command('HSET', 'sess:hash', 'a', '1');
    await expect(store.get('list')).rejects.toMatchObject({ code: 'WRONGTYPE' });
    await expect(store.get('hash')).rejects.toMatchObject({ code: 'WRONGTYPE' });
    const wrong = [
      ['expresssession_get', '0'],
      ['expresssession_put', '1', 'k', '', '0'],
      ['expresssession_put', '1', 'k', 'b', 'soon'],
      ['expresssession_put', '1', 'k', 'b', '0', 'd:a'],
      ['expresssession_put', '1', 'k', 'b', '0', 'b', 'x'],
      ['expresssession_patch', '1', 'k', 'b', '', '0', '2', 'd:a', '1'],
      ['expresssession_patch', '1', 'k', 'b', '', '0', '1', 'b', '1', '0'],
      ['expresssession_patch', '1', 'k', 'b', '', '0', '0', '2', 'd:a'],
      ['expresssession_patch', '1', 'k', 'b', '', '0', '0', '1', 'b'],
      ['expresssession_patch', '1', 'k', 'b', '', '0', '0', '0', 'd:a'],
      ['expresssession_touch', '1', 'k', '', 'soon', ''],
      ['expresssession_touch', '1', 'k', '', '1'],
      ['expresssession_destroy', '0'],
      ['expresssession_scan', '1', 'k', 'x', '*', '1'],
      ['expresssession_scan', '1', 'k', '0', '*', '0'],
    ];
    for (const call of wrong)
      await expect(redis.command('FCALL', ...(call as [string]))).rejects.toThrow('INVALID_ARGUMENT');
  });
});

describe('SessionStore on a cluster', () => {
  let cluster: RedisCluster;
  beforeAll(async () => {
    cluster = await startCluster({ primaries: 3, replicas: 0 });
  });
  afterAll(() => cluster.stop());

  it.each(['node-redis', 'ioredis'])('does all that it does on one server: %s', async (name) => {
    const client =
      name === 'ioredis'
        ? new Cluster([...cluster.addresses])
        : createCluster({ rootNodes: cluster.addresses.map(({ host, port }) => ({ url: `redis://${host}:${port}` })) });
    if ('rootNodes' in client || 'connect' in client) client.on('error', () => {});
    if (name === 'node-redis') await client.connect();
    const store = new SessionStore({ client: client as never });
    const ids = Array.from({ length: 100 }, (_, i) => `s${i}`);
    await Promise.all(ids.map((id) => store.set(id, sessionOf({ id: `of ${id}` }, 60_000))));
    expect((await store.ids()).sort()).toEqual([...ids].sort());
    expect(await store.length()).toBe(100);
    expect(await store.all()).toHaveLength(100);
    await Promise.all(ids.slice(0, 50).map((id) => store.destroy(id)));
    expect(await store.length()).toBe(50);
    await store.clear();
    expect(await store.ids()).toEqual([]);
    await (name === 'ioredis' ? (client as Cluster).disconnect() : (client as { destroy(): void }).destroy());
  });
});

describe('options', () => {
  it.each([
    [{ prefx: 'a' }, 'prefx'],
    [{ ttl: 'soon' }, 'ttl'],
    [{ ttl: Number.NaN }, 'ttl'],
    [{ serializer: {} }, 'serializer'],
    [{ scanCount: 0 }, 'scanCount'],
    [{ prefix: 7 }, 'prefix'],
    [{ client: {}, url: 'redis://localhost' }, 'client'],
    [{ client: {} }, 'client'],
  ])('%j are refused by name', (options, field) => {
    expect(() => new SessionStore(options as SessionStoreOptions)).toThrow(expect.objectContaining({ field }));
  });
});

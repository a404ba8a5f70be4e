import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { RedisFunctions, UnavailableError } from '@redis-functions/core';
import { SessionError, SessionService } from '../src/index.js';
import { ROUTING_KEY, Sessions, until } from './service.js';

describe.each(['functions', 'scripts'] as const)('SessionService, as %s', (mode) => {
  let sessions: Sessions;
  let service: SessionService;

  beforeAll(async () => {
    sessions = await Sessions.start(mode);
    service = sessions.service();
  });
  beforeEach(async () => {
    await sessions.redis.command('FLUSHALL');
  });
  afterAll(() => sessions.stop());

  it('keeps what a session was made with', async () => {
    const device = { ip: '192.0.2.1', userAgent: 'Browser 1' };
    const data = { cart: ['a', { b: null }], n: 1.5, text: 'é😀', yes: true, '': 'empty name' };
    await expect(service.create('ada', data)).rejects.toMatchObject({ code: 'INVALID_SESSION_DATA' });
    const { '': _, ...possible } = data;
    const { token, session } = await service.create('ada', possible, device);
    expect(session).toMatchObject({ userId: 'ada', data: possible, device, version: 1 });
    const later = { ...session, expiresAt: expect.any(Date), readAt: expect.any(Date) };
    expect(await service.get(token)).toEqual(later);
    expect(await service.peek(token)).toEqual(later);
    expect(session.expiresAt.getTime() - session.createdAt.getTime()).toBe(30 * 60_000);
  });

  it('gives every key a TTL, and leaves no secret on the disk', async () => {
    const guest = await service.create(null, { theme: 'dark' });
    const { token, session } = await service.login(guest.token, 'ada');
    const other = await service.create(null);
    await service.touch(token);
    for (const key of await sessions.keys()) {
      expect(Number(await sessions.redis.command('PTTL', key))).toBeGreaterThan(0);
    }
    await sessions.redis.command('CONFIG', 'SET', 'rdbcompression', 'no');
    await sessions.redis.command('SAVE');
    const dump = readFileSync(join(sessions.redis.directory, 'dump.rdb'), 'latin1');
    expect(dump).toContain(session.handle);
    for (const made of [token, other.token]) expect(dump).not.toContain(made.split('.')[3]);
  });

  it('takes junk and forged tokens for no session', async () => {
    const { token } = await service.create('ada');
    const [version, tag, handle] = token.split('.');
    const forged = [version, tag, handle, 'x'.repeat(43)].join('.');
    for (const junk of [
      '',
      'junk',
      '1.2.3.4',
      `${token}x`,
      `x${token}`,
      `${token}\n`,
      token.replace('1.', '2.'),
      forged,
      '../../etc',
      undefined,
    ]) {
      expect(await service.get(junk as string)).toBeNull();
      expect(await service.patch(junk as string, { a: 1 })).toBeNull();
      expect(await service.destroy(junk as string)).toBe(false);
      expect(await service.revokeOthers(junk as string)).toBeNull();
    }
    expect(await service.get(token)).not.toBeNull();
  });

  it('loses none of 20 changes at once', async () => {
    const { token } = await service.create('ada');
    await Promise.all(Array.from({ length: 20 }, (_, i) => service.patch(token, { [`key${i}`]: i })));
    const session = await service.get(token);
    expect(Object.keys(session?.data ?? {})).toHaveLength(20);
    expect(session?.version).toBe(21);
  });

  it('changes only what is named, only where something changes, and only the version that was read', async () => {
    const { token } = await service.create('ada', { a: 1, b: 2 });
    expect(await service.patch(token, { a: 1 })).toBe(1);
    expect(await service.patch(token, { a: 3 }, { remove: ['b', 'never'] })).toBe(2);
    expect((await service.get(token))?.data).toEqual({ a: 3 });
    await expect(service.patch(token, { a: 4 }, { expectedVersion: 1 })).rejects.toMatchObject({
      code: 'VERSION_CONFLICT',
    });
    expect(await service.patch(token, { a: 4 }, { expectedVersion: 2 })).toBe(3);
  });

  it('does not come back after logout, whatever comes late', async () => {
    const { token, session } = await service.create('ada');
    expect(await service.destroy(token)).toBe(true);
    expect(await service.patch(token, { a: 1 })).toBeNull();
    expect(await service.touch(token)).toBeNull();
    expect(await service.destroy(token)).toBe(false);
    expect(await service.revoke('ada', session.handle)).toBe(false);
    expect(await service.list('ada')).toEqual([]);
    expect(await sessions.keys()).toEqual([]);
  });

  it('lists the devices of a user, the latest first, without their tokens', async () => {
    const first = await service.create('ada', { secretPlan: 1 }, { userAgent: 'one' });
    await sessions.tick();
    const second = await service.create('ada', {}, { userAgent: 'two', ip: '::1' });
    await service.create('bob');
    await service.touch(first.token);
    const devices = await service.list('ada');
    const handles = [second, first].map(({ session }) => session.handle);
    expect(devices.map(({ handle }) => handle)).toEqual(handles);
    expect(devices).toMatchObject([{ userAgent: 'two', ip: '::1' }, { userAgent: 'one' }]);
    expect(devices[1]?.lastSeenAt.getTime()).toBeGreaterThan(first.session.createdAt.getTime());
    expect(devices[1]?.createdAt).toEqual(first.session.createdAt);
    expect(JSON.stringify(devices)).not.toMatch(new RegExp(`secretPlan|${second.token.split('.')[3]}`));
  });

  it('lists them all, however many', async () => {
    await Promise.all(Array.from({ length: 450 }, () => service.create('ada')));
    const handles = (await service.list('ada')).map(({ handle }) => handle);
    expect(new Set(handles).size).toBe(450);
    expect(await service.revokeAll('ada')).toBe(450);
    expect(await service.list('ada')).toEqual([]);
  });

  it('ends one, the others, or all of a user', async () => {
    const [a, b, c] = await Promise.all([service.create('ada'), service.create('ada'), service.create('ada')]);
    const bob = await service.create('bob');
    if (!a || !b || !c) throw new Error('three were made');
    expect(await service.revoke('bob', a.session.handle)).toBe(false);
    expect(await service.revoke('ada', a.session.handle)).toBe(true);
    expect(await service.get(a.token)).toBeNull();
    expect(await service.revokeOthers(b.token)).toBe(1);
    expect(await service.get(c.token)).toBeNull();
    expect(await service.get(b.token)).not.toBeNull();
    await service.create('ada');
    expect(await service.revokeAll('ada')).toBe(2);
    expect(await service.get(b.token)).toBeNull();
    expect(await service.get(bob.token)).not.toBeNull();
  });

  it('leaves exactly 5 of 30 logins at once, or refuses the 6th', async () => {
    const evicting = sessions.service({ maxSessions: 5 });
    const made = await Promise.all(Array.from({ length: 30 }, () => evicting.create('ada')));
    const alive = await Promise.all(made.map(({ token }) => evicting.get(token)));
    expect(alive.filter((session) => session !== null)).toHaveLength(5);
    expect(made.flatMap(({ evicted }) => evicted)).toHaveLength(25);

    const rejecting = sessions.service({ maxSessions: 5, onMaxSessions: 'reject' });
    const outcomes = await Promise.allSettled(Array.from({ length: 30 }, () => rejecting.create('bob')));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(5);
    const refused = outcomes.find(({ status }) => status === 'rejected') as PromiseRejectedResult;
    expect(refused.reason).toBeInstanceOf(SessionError);
    expect(refused.reason).toMatchObject({ code: 'SESSION_LIMIT' });
  });

  it.each([
    ['evict-oldest', 'first'],
    ['evict-idle', 'second'],
  ] as const)('with %s ends the %s of two when the first was used last', async (onMaxSessions, ended) => {
    const limited = sessions.service({ maxSessions: 2, onMaxSessions });
    const first = await limited.create('ada');
    await sessions.tick();
    const second = await limited.create('ada');
    await sessions.tick();
    await limited.touch(first.token);
    const third = await limited.create('ada');
    const handles = { first: first.session.handle, second: second.session.handle };
    expect(third.evicted).toEqual([handles[ended]]);
    expect(await limited.get(first.token)).toEqual(ended === 'first' ? null : expect.anything());
    expect(await limited.get(second.token)).toEqual(ended === 'second' ? null : expect.anything());
  });

  it('leaves exactly one where the user ends the others after 10 logins at once', async () => {
    const made = await Promise.all(Array.from({ length: 10 }, () => service.login(null, 'ada')));
    const [own] = made;
    expect(await service.revokeOthers(String(own?.token))).toBe(9);
    const alive = await Promise.all(made.map(({ token }) => service.get(token)));
    expect(alive.map((session) => session !== null)).toEqual(made.map((session) => session === own));
    expect(await service.list('ada')).toHaveLength(1);
  });

  it('lives on while it is used: its hash, its place in the index, and the index', async () => {
    const idleMs = 4_000;
    const used = sessions.service({ idle: idleMs });
    const { token, session } = await used.create('ada');
    const end = session.createdAt.getTime() + idleMs;
    // touched after a twentieth of the idle time
    await until(async () => Number((await used.get(token))?.expiresAt) >= end + idleMs / 20);
    const index = String((await sessions.keys()).find((key) => key.endsWith(':u')));
    const [, score] = (await sessions.redis.command('ZRANGE', index, '0', '-1', 'WITHSCORES')) as [string, string];
    expect(Number(score)).toBeGreaterThanOrEqual(end + idleMs / 20);
    expect(Number(await sessions.redis.command('PEXPIRETIME', index))).toBeGreaterThanOrEqual(Number(score) - 5);
  });

  it('ends a session that was idle, and one that is too old, on the server', async () => {
    const idle = sessions.service({ idle: 60 });
    const { token } = await idle.create('ada');
    await until(async () => (await idle.peek(token)) === null);
    expect(await idle.list('ada')).toEqual([]);

    const old = sessions.service({ idle: '1m', absolute: 120 });
    const { token: oldToken } = await old.create('ada');
    await until(async () => (await old.touch(oldToken)) === null);
    await until(async () => (await sessions.keys()).length === 0);
  });

  it('reads, touches and ends sessions on a full server', async () => {
    const { token } = await service.create('ada', { theme: 'dark' });
    await service.create('ada');
    await sessions.redis.command('CONFIG', 'SET', 'maxmemory-policy', 'noeviction', 'maxmemory', '1');
    try {
      await expect(service.create('ada')).rejects.toMatchObject({ code: 'OOM' });
      // a script may go on, because it frees something first; either way the user has a session with what was in it
      const again = await service.login(token, 'ada').catch(() => null);
      const current = again?.token ?? token;
      expect((await service.touch(current))?.data).toEqual({ theme: 'dark' });
      expect(await service.revokeOthers(current)).toBe(1);
      expect(await service.list('ada')).toHaveLength(1);
      expect(await service.destroy(current)).toBe(true);
    } finally {
      await sessions.redis.command('CONFIG', 'SET', 'maxmemory', '0');
    }
  });

  it('writes nothing for a read within the touch interval', async () => {
    const { token, session } = await service.create('ada');
    await sessions.redis.command('CONFIG', 'RESETSTAT');
    for (let i = 0; i < 5; i++) await service.get(token);
    const stats = String(await sessions.redis.command('INFO', 'commandstats'));
    expect(stats).not.toMatch(/cmdstat_(hset|pexpire|zadd)/);
    expect((await service.touch(token))?.expiresAt.getTime()).toBeGreaterThanOrEqual(session.expiresAt.getTime());
  });

  describe('login', () => {
    it('carries a guest over, and the old token opens nothing', async () => {
      const guest = await service.create(null, { cart: 7, theme: 'dark' });
      const { token, session } = await service.login(guest.token, 'ada', { data: { theme: 'light' } });
      expect(session).toMatchObject({ userId: 'ada', data: { cart: 7, theme: 'light' } });
      expect(session.handle).not.toBe(guest.session.handle);
      expect(await service.get(guest.token)).toBeNull();
      expect((await service.get(token))?.userId).toBe('ada');
    });

    it('gives a user who logs in again a new token, with the data, in the place of the old session', async () => {
      const single = sessions.service({ maxSessions: 1, onMaxSessions: 'reject' });
      const { token: old, session } = await single.create('ada', { theme: 'dark', step: 1 });
      const { token, session: again } = await single.login(old, 'ada', { data: { step: 2 } });
      expect(again).toMatchObject({ userId: 'ada', data: { theme: 'dark', step: 2 } });
      expect(again.handle).not.toBe(session.handle);
      expect(await single.get(old)).toBeNull();
      expect(await single.list('ada')).toHaveLength(1);
      await expect(single.login(null, 'ada')).rejects.toMatchObject({ code: 'SESSION_LIMIT', httpStatus: 409 });
      expect((await single.get(token))?.data).toEqual({ theme: 'dark', step: 2 });
    });

    it('answers with the session as it is stored, whatever another tab did meanwhile', async () => {
      const busy = sessions.service({ maxDataBytes: 60 });
      const guest = await busy.create(null, { a: 'x'.repeat(20), removed: 1 });
      // when the new session is made, and the old one is not over yet; with what the login adds it is more than a session
      // may hold: both parts were accepted all the same
      let patched: Promise<unknown> | undefined;
      busy.once('created', () => {
        patched = service.patch(guest.token, { b: 'x'.repeat(20) }, { remove: ['removed'] });
      });
      const { token, session } = await busy.login(guest.token, 'ada', { data: { c: 'x'.repeat(14) } });
      expect(await patched).toBe(2);
      expect(session.data).toEqual({ a: 'x'.repeat(20), b: 'x'.repeat(20), c: 'x'.repeat(14) });
      expect(await busy.get(token)).toMatchObject({ data: session.data, version: session.version });
    });

    it('leaves the session of a user who logs in again as it was where the new one is refused', async () => {
      const small = sessions.service({ maxDataBytes: 60 });
      const { token } = await small.create('ada', { a: 'x'.repeat(40) });
      const tooLarge = { code: 'SESSION_TOO_LARGE' };
      await expect(small.login(token, 'ada', { data: { b: 'x'.repeat(40) } })).rejects.toMatchObject(tooLarge);
      const limited = sessions.service({ maxSessions: 1, onMaxSessions: 'reject' });
      await small.create('ada');
      await expect(limited.login(token, 'ada')).rejects.toMatchObject({ code: 'SESSION_LIMIT' });
      expect(await small.get(token)).toMatchObject({ userId: 'ada', data: { a: 'x'.repeat(40) } });
    });

    it('evicts nobody for a user who logs in again', async () => {
      const limited = sessions.service({ maxSessions: 2, onMaxSessions: 'evict-oldest' });
      const other = await limited.create('ada');
      const { token } = await limited.create('ada');
      expect((await limited.login(token, 'ada')).evicted).toEqual([]);
      expect(await limited.get(other.token)).not.toBeNull();
      expect(await limited.list('ada')).toHaveLength(2);
    });

    it('takes the data along where the user logs in again under a new routing key', async () => {
      const keys = ['the routing key of this year, long enough', 'the routing key of last year, long enough'];
      const old = await sessions.service({ routingKey: String(keys[1]) }).create('ada', { theme: 'dark' });
      const { session } = await sessions.service({ routingKey: keys }).login(old.token, 'ada');
      expect(session.data).toEqual({ theme: 'dark' });
      expect(await service.get(old.token)).toBeNull();
    });

    it('leaves the guest as they were where the user may have no more sessions', async () => {
      const single = sessions.service({ maxSessions: 1, onMaxSessions: 'reject' });
      await single.create('ada');
      const guest = await single.create(null, { cart: 1 });
      await expect(single.login(guest.token, 'ada')).rejects.toMatchObject({ code: 'SESSION_LIMIT' });
      expect(await single.get(guest.token)).toMatchObject({ userId: null, data: { cart: 1 } });
    });

    it('leaves the data of another user behind, and ends their session in this browser', async () => {
      const ada = await service.create('ada', { secret: 1 });
      const { session } = await service.login(ada.token, 'bob');
      expect(session.data).toEqual({});
      expect(await service.get(ada.token)).toBeNull();
    });

    it('works without a session, with junk, and with one that is over', async () => {
      const over = await service.create(null);
      await service.destroy(over.token);
      for (const token of [null, 'junk', over.token]) {
        expect((await service.login(token, 'ada')).session.userId).toBe('ada');
      }
    });

    it('keeps what the guest does in other tabs meanwhile, to the last write that was accepted', async () => {
      for (let round = 0; round < 10; round++) {
        const guest = await service.create(null, { kept: 1, removed: 1, own: 'guest' });
        const written = new Map<string, number>();
        const tab = async (name: string) => {
          for (let i = 0; (await service.patch(guest.token, { [name]: i, own: 'tab' })) !== null; i++) {
            written.set(name, i);
          }
        };
        const [{ token }, removal] = await Promise.all([
          service.login(guest.token, 'ada', { data: { own: 'login' } }),
          service.patch(guest.token, {}, { remove: ['removed'] }),
          ...['a', 'b', 'c'].map(tab),
        ]);
        expect(removal).not.toBeNull();
        expect(written.size).toBe(3);
        expect((await service.get(token))?.data).toEqual({ kept: 1, own: 'login', ...Object.fromEntries(written) });
        expect(await service.get(guest.token)).toBeNull();
      }
    });
  });

  it('finds the sessions that were made under the routing key before', async () => {
    const before = sessions.service({ routingKey: 'the routing key of last year, long enough' });
    const { token } = await before.create('ada');
    const now = sessions.service({
      routingKey: ['the routing key of this year, long enough', 'the routing key of last year, long enough'],
    });
    const current = await now.create('ada');
    expect(await now.list('ada')).toHaveLength(2);
    expect(await now.revokeOthers(current.token)).toBe(1);
    expect(await now.get(token)).toBeNull();
  });

  it('refuses what JSON would lose, and leaves the session as it was', async () => {
    const { token } = await service.create('ada', { kept: true });
    const cycle: Record<string, unknown> = {};
    cycle['self'] = cycle;
    let deep: unknown = 1;
    for (let i = 0; i < 100_000; i++) deep = [deep];
    const values = [
      undefined,
      () => 1,
      1n,
      Symbol('s'),
      Number.NaN,
      Infinity,
      new Date(),
      new Map(),
      cycle,
      { a: [undefined] },
      new Array(1),
      deep,
    ];
    for (const value of values) {
      await expect(service.patch(token, { good: 1, value })).rejects.toMatchObject({ code: 'INVALID_SESSION_DATA' });
    }
    for (const data of [null, 'text', ['a'], 7]) {
      await expect(service.patch(token, data as never)).rejects.toMatchObject({ code: 'INVALID_SESSION_DATA' });
      await expect(service.create('ada', data as never)).rejects.toMatchObject({ code: 'INVALID_SESSION_DATA' });
    }
    for (const key of ['', 'k'.repeat(257), 'half \ud83d']) {
      await expect(service.patch(token, { [key]: 1 })).rejects.toMatchObject({ code: 'INVALID_SESSION_DATA' });
      await expect(service.patch(token, {}, { remove: [key] })).rejects.toMatchObject({ code: 'INVALID_SESSION_DATA' });
    }
    await expect(service.patch(token, { kept: 1 }, { remove: ['kept'] })).rejects.toThrow('set and removed');
    await expect(service.patch(token, { a: 1 }, { expectedVersion: 1.5 })).rejects.toMatchObject({
      field: 'expectedVersion',
    });
    await expect(service.create('ada', {}, { ip: 7 } as never)).rejects.toMatchObject({ field: 'device.ip' });
    expect(await service.get(token)).toMatchObject({ data: { kept: true }, version: 1 });
  });

  it('refuses what a session cannot hold in all, and lets it become smaller', async () => {
    const small = sessions.service({ maxDataBytes: 100 });
    const { token } = await small.create('ada', { a: 'x'.repeat(50) });
    const tooLarge = { code: 'SESSION_TOO_LARGE', httpStatus: 413, message: expect.stringContaining('maxDataBytes') };
    await expect(small.patch(token, { b: 'x'.repeat(1_000_000) })).rejects.toMatchObject(tooLarge);
    await expect(small.patch(token, { b: 'x'.repeat(50) })).rejects.toMatchObject(tooLarge);
    await expect(small.create('ada', { b: 'é'.repeat(50) })).rejects.toMatchObject(tooLarge);
    expect(await small.get(token)).toMatchObject({ data: { a: 'x'.repeat(50) }, version: 1 });
    expect(await small.patch(token, { b: 'x'.repeat(50) }, { remove: ['a'] })).toBe(2);
    expect(await sessions.service({ maxDataBytes: 10 }).patch(token, { b: 'y' })).toBe(3);
  });

  it('takes any other characters in keys and values', async () => {
    const data = { 'a:b{c}\n\0"é😀': '\ud800 \0 😀', constructor: 1, 'm:ip': 2, h: 3 };
    const { token } = await service.create('ada', data, { ip: '::1' });
    expect(await service.patch(token, { h: 4 }, { remove: ['m:ip'] })).toBe(2);
    expect(await service.get(token)).toMatchObject({
      data: { 'a:b{c}\n\0"é😀': '\ud800 \0 😀', constructor: 1, h: 4 },
      device: { ip: '::1' },
    });
  });

  it('says so where something else has written to a session', async () => {
    const { token } = await service.create('ada');
    const key = String((await sessions.keys()).find((name) => name.includes(':s:')));
    await sessions.redis.command('HSET', key, 'd:x', 'not JSON');
    await expect(service.get(token)).rejects.toMatchObject({ code: 'CORRUPT_DATA' });
    expect(await service.destroy(token)).toBe(true);
  });

  it('takes keys like __proto__ for keys', async () => {
    const data = JSON.parse('{"__proto__":{"admin":true},"constructor":{"prototype":1},"toString":"x"}');
    const { token } = await service.create('ada', data);
    const session = await service.get(token);
    expect(JSON.stringify(session?.data)).toContain('"__proto__":{"admin":true}');
    expect(session?.data).not.toHaveProperty('admin');
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  });
});

describe('without a server', () => {
  it('fails in the time it was given', async () => {
    const sessions = await Sessions.start();
    try {
      const { token } = await sessions.service().create('ada');
      const service = sessions.service({ deadlineMs: 200 });
      sessions.redis.pause();
      const start = performance.now();
      await expect(service.get(token)).rejects.toBeInstanceOf(UnavailableError);
      await expect(service.destroy(token)).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
      // junk does not get as far
      expect(await service.get('junk')).toBeNull();
      expect(performance.now() - start).toBeLessThan(3_000);
      sessions.redis.resume();
    } finally {
      await sessions.stop();
    }
  });
});

describe('options', () => {
  const functions = new RedisFunctions({ url: 'redis://127.0.0.1:1' });
  const env = process.env['NODE_ENV'];
  afterEach(() => {
    process.env['NODE_ENV'] = env;
  });
  afterAll(() => functions.close());

  it.each([
    [{ routingKey: 'brief' }, 'routingKey'],
    [{ routingKey: [] }, 'routingKey'],
    [{ routingKey: ['x'.repeat(32), 'brief'] }, 'routingKey'],
    [{ idle: 'soon' }, 'idle'],
    [{ idle: 0 }, 'idle'],
    [{ absolute: -1 }, 'absolute'],
    [{ maxSessions: 1.5 }, 'maxSessions'],
    [{ onMaxSessions: 'panic' }, 'onMaxSessions'],
    [{ prefix: 'a{b' }, 'prefix'],
    [{ maxDataBytes: 0 }, 'maxDataBytes'],
    [{ deadlineMs: -1 }, 'deadlineMs'],
    [{ client: {} }, 'client'],
    [{ maxSesions: 5 }, 'maxSesions'],
  ])('%j are refused by name, and the routing key is not repeated', async (options, field) => {
    const make = () => new SessionService({ functions, routingKey: ROUTING_KEY, ...(options as object) });
    expect(make).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT', field }));
    expect(make).not.toThrow('brief');
  });

  it.each(['', 'x'.repeat(513), 'half \ud83d', 7, undefined])('%j is no user id', async (userId) => {
    const service = new SessionService({ functions, routingKey: ROUTING_KEY });
    const wrong = { code: 'INVALID_ARGUMENT', field: 'userId' };
    await expect(service.create(userId as string)).rejects.toMatchObject(wrong);
    await expect(service.login(null, userId as string)).rejects.toMatchObject(wrong);
    await expect(service.list(userId as string)).rejects.toMatchObject(wrong);
    await expect(service.revokeAll(userId as string)).rejects.toMatchObject(wrong);
  });

  it('need a routing key in production, say how to make one, and say it elsewhere too', async () => {
    process.env['NODE_ENV'] = 'production';
    expect(() => new SessionService({ functions })).toThrow(/randomBytes\(32\)/);
    process.env['NODE_ENV'] = 'development';
    const warning = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
    try {
      for (let i = 0; i < 2; i++) new SessionService({ functions });
      expect(warning).toHaveBeenCalledTimes(1);
      expect(warning).toHaveBeenCalledWith(
        expect.stringContaining('randomBytes(32)'),
        expect.objectContaining({ code: 'SESSION_WITHOUT_ROUTING_KEY' }),
      );
    } finally {
      warning.mockRestore();
    }
  });
});

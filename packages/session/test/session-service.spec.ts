import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { SessionError, type SessionService } from '../src/index.js';
import { Sessions, until } from './service.js';

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
    expect(await service.get(token)).toEqual({ ...session, expiresAt: expect.any(Date) });
    expect(await service.peek(token)).toEqual({ ...session, expiresAt: expect.any(Date) });
    expect(session.expiresAt.getTime() - session.createdAt.getTime()).toBe(30 * 60_000);
  });

  it('gives every key a TTL, and keeps no secret', async () => {
    const { token } = await service.create('ada', { theme: 'dark' });
    const secret = token.split('.')[3] as string;
    for (const key of await sessions.keys()) {
      expect(Number(await sessions.redis.command('PTTL', key))).toBeGreaterThan(0);
      const content = key.includes(':s:')
        ? await sessions.redis.command('HGETALL', key)
        : await sessions.redis.command('ZRANGE', key, '0', '-1');
      expect(`${key} ${JSON.stringify(content)}`).not.toContain(secret);
    }
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
    await until(async () => Number(((await sessions.redis.command('TIME')) as string[])[0]) * 1000 > 0);
    const second = await service.create('ada', {}, { userAgent: 'two', ip: '::1' });
    await service.create('bob');
    const devices = await service.list('ada');
    expect(devices.map(({ handle }) => handle).sort()).toEqual(
      [first, second].map((made) => made.session.handle).sort(),
    );
    expect(devices.find(({ userAgent }) => userAgent === 'two')).toMatchObject({ ip: '::1' });
    expect(JSON.stringify(devices)).not.toMatch(new RegExp(`secretPlan|${second.token.split('.')[3]}`));
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

  it('ends the oldest where that is asked for', async () => {
    const service = sessions.service({ maxSessions: 2, onMaxSessions: 'evict-oldest' });
    const first = await service.create('ada');
    // times are in milliseconds: the next one must be younger
    const later = async () => Number(((await sessions.redis.command('TIME')) as string[]).join('').slice(0, 13));
    const next = async () => until(async () => (await later()) > first.session.createdAt.getTime() + 1);
    await next();
    const second = await service.create('ada');
    await service.touch(first.token);
    const third = await service.create('ada');
    expect(third.evicted).toEqual([first.session.handle]);
    expect(await service.get(second.token)).not.toBeNull();
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

    it('keeps what the guest did in another tab meanwhile', async () => {
      const guest = await service.create(null, { a: 1 });
      const [{ token }] = await Promise.all([
        service.login(guest.token, 'ada'),
        ...Array.from({ length: 5 }, (_, i) => service.patch(guest.token, { [`tab${i}`]: i })),
      ]);
      const versions = await Promise.all([service.get(token), service.get(guest.token)]);
      expect(versions[0]?.data).toMatchObject({ a: 1 });
      expect(versions[1]).toBeNull();
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
    ];
    for (const value of values) {
      await expect(service.patch(token, { good: 1, value })).rejects.toMatchObject({ code: 'INVALID_SESSION_DATA' });
    }
    await expect(service.patch(token, { big: 'x'.repeat(1_000_000) })).rejects.toThrow('maxDataBytes');
    await expect(service.patch(token, { ['k'.repeat(257)]: 1 })).rejects.toThrow('257 characters');
    expect(await service.get(token)).toMatchObject({ data: { kept: true }, version: 1 });
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

describe('wrong options', () => {
  it.each([
    [{ routingKey: 'short' }, 'routingKey'],
    [{ routingKey: [] }, 'routingKey'],
    [{ idle: 'soon' }, 'idle'],
    [{ idle: 0 }, 'idle'],
    [{ absolute: -1 }, 'absolute'],
    [{ maxSessions: 1.5 }, 'maxSessions'],
    [{ onMaxSessions: 'panic' }, 'onMaxSessions'],
    [{ prefix: 'a{b' }, 'prefix'],
    [{ maxDataBytes: 0 }, 'maxDataBytes'],
    [{ client: {} }, 'client'],
  ])('%j are refused by name, and the routing key is not repeated', async (options, field) => {
    const sessions = await Sessions.start();
    try {
      const make = () => sessions.service(options as never);
      expect(make).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT', field }));
      expect(make).not.toThrow('short');
      for (const userId of ['', 'x'.repeat(513), 7]) {
        await expect(sessions.service().create(userId as string)).rejects.toMatchObject({ field: 'userId' });
      }
    } finally {
      await sessions.stop();
    }
  });
});

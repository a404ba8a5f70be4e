import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { SessionService } from '../src/index.js';
import { ROUTING_KEY, Sessions, until } from './service.js';

const NAMES = ['created', 'rotated', 'evicted', 'destroyed', 'expired', 'reuse', 'failed'] as const;

describe('events', () => {
  let sessions: Sessions;
  const open: SessionService[] = [];

  beforeAll(async () => {
    sessions = await Sessions.start();
  });
  beforeEach(async () => {
    await sessions.redis.command('FLUSHALL');
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((service) => service.close()));
  });
  afterAll(() => sessions.stop());

  function heard(options: Parameters<Sessions['service']>[0]) {
    const service = sessions.service(options);
    open.push(service);
    const told: [name: string, event: unknown][] = [];
    for (const name of NAMES) service.on(name, (event: unknown) => told.push([name, event]));
    const of = (wanted: string) => told.filter(([name]) => name === wanted).map(([, event]) => event);
    return { service, told, of };
  }

  it('tell the life of sessions by their handles, and never a token', async () => {
    const { service, told } = heard({ maxSessions: 1 });
    const guest = await service.create(null);
    const { token, session } = await service.login(guest.token, 'ada');
    const next = String(await service.rotate(token));
    const second = await service.create('ada');
    await service.destroy(second.token);
    await service.create('ada');
    await service.revokeAll('ada');
    const names = told.map(([name, event]) => [name, (event as { reason?: string }).reason].filter(Boolean).join(':'));
    expect(names).toEqual([
      'created',
      'created',
      'destroyed:replaced',
      'rotated',
      'created',
      'evicted',
      'destroyed:destroyed',
      'created',
      'destroyed:revoked',
    ]);
    expect(told[5]).toEqual(['evicted', { handle: session.handle, userId: 'ada', by: second.session.handle }]);
    for (const made of [guest.token, token, next, second.token]) {
      expect(JSON.stringify(told)).not.toContain(made.split('.')[3]);
    }
  });

  it('do not undo what has happened where a listener throws', async () => {
    const warning = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
    try {
      const { service } = heard({});
      service.once('created', () => {
        throw new Error('a bug of a listener');
      });
      const { token } = await service.create('ada');
      expect(warning).toHaveBeenCalledWith(
        expect.stringContaining('created threw: Error: a bug of a listener'),
        expect.objectContaining({ code: 'SESSION_LISTENER_THREW' }),
      );
      expect(await service.get(token)).not.toBeNull();
    } finally {
      warning.mockRestore();
    }
  });

  it('tell of what expired, whoever made it, and not of what was ended', async () => {
    const { service, of } = heard({ idle: 300, expiryEvents: { everyMs: 20 } });
    const maker = sessions.service({ idle: 300, expiryEvents: { everyMs: 1_000_000 } });
    open.push(maker);
    const made = await Promise.all([...Array.from({ length: 20 }, () => maker.create('ada')), maker.create(null)]);
    const [ended, revoked] = [made[0], made[1]];
    await service.destroy(String(ended?.token));
    await maker.revoke('ada', String(revoked?.session.handle));
    expect(await service.live()).toBe(19);
    await until(async () => of('expired').length === 19);
    await until(async () => (await service.live()) === 0);
    expect(new Set(of('expired').map((event) => (event as { handle: string }).handle)).size).toBe(19);
    expect(of('expired')).toContainEqual({ handle: made[20]?.session.handle, userId: null });
    expect(of('failed')).toEqual([]);
    await until(async () => (await sessions.keys()).every((key) => key.includes('{e:')));
    for (const key of await sessions.keys()) {
      expect(Number(await sessions.redis.command('PTTL', key))).toBeGreaterThan(0);
    }
  });

  it('leave a session alone that lives longer than it first seemed', async () => {
    const { service, of } = heard({ idle: 200, expiryEvents: { everyMs: 20 } });
    const { token } = await service.create('ada');
    const end = Date.now() + 800;
    await until(async () => (await service.touch(token)) !== null && Date.now() > end);
    expect(of('expired')).toEqual([]);
    expect(await service.live()).toBe(1);
    await until(async () => of('expired').length === 1);
  });

  it('tell of each once where several processes look', async () => {
    const all = Array.from({ length: 4 }, () => heard({ idle: 100, expiryEvents: { everyMs: 10 } }));
    const maker = sessions.service({ idle: 100, expiryEvents: { everyMs: 1_000_000 } });
    open.push(maker);
    await Promise.all(Array.from({ length: 200 }, () => maker.create('ada')));
    const told = () => all.flatMap(({ of }) => of('expired'));
    await until(async () => told().length >= 200);
    expect(told()).toHaveLength(200);
  });

  it('say that nobody counts where nobody watches, and stop when they are told to', async () => {
    await expect(sessions.service().live()).rejects.toMatchObject({ code: 'NOT_WATCHED' });
    const { service, of } = heard({ idle: 50, expiryEvents: { everyMs: 10 } });
    const { token } = await service.create('ada');
    await service.close();
    await until(async () => (await service.peek(token)) === null);
    expect(of('expired')).toEqual([]);
  });

  it('report that nothing can be looked for, and go on when the server is back', async () => {
    const { service, of } = heard({ idle: 100, deadlineMs: 100, expiryEvents: { everyMs: 20 } });
    sessions.redis.pause();
    await until(async () => of('failed').length > 0);
    sessions.redis.resume();
    // made now: what was asked for meanwhile may be leased to nobody for a minute
    await until(async () => (await service.create('ada').catch(() => null)) !== null);
    await until(async () => of('expired').length > 0);
  });

  it.each([[{ everyMs: 0 }], [{ everyMs: 1.5 }], [{ everyMs: 2 ** 31 }]])(
    'refuse %j as an interval',
    (expiryEvents) => {
      const make = () => new SessionService({ functions: sessions.functions, routingKey: ROUTING_KEY, expiryEvents });
      expect(make).toThrow(expect.objectContaining({ field: 'expiryEvents.everyMs' }));
    },
  );
});

describe('presets', () => {
  it.each([
    ['owaspHighValue', 5, 4 * 60],
    ['owaspLowRisk', 30, 8 * 60],
    ['nistAal1', 30 * 24 * 60, 30 * 24 * 60],
    ['nistAal2', 60, 24 * 60],
    ['nistAal3', 15, 12 * 60],
  ] as const)('%s ends a session after %i idle minutes, and after %i', async (preset, idle, absolute) => {
    const sessions = await Sessions.start();
    try {
      const service = sessions.service({ preset });
      const { token, session } = await service.create('ada');
      expect(session.expiresAt.getTime() - session.createdAt.getTime()).toBe(idle * 60_000);
      const [key = ''] = (await sessions.keys()).filter((name) => name.includes(':s:'));
      const [last] = (await sessions.redis.command('HMGET', key, 'x')) as string[];
      expect(Number(last) - session.createdAt.getTime()).toBe(absolute * 60_000);
      expect(service.isFresh(session, '5m')).toBe(true);
      expect(await service.get(token)).not.toBeNull();
    } finally {
      await sessions.stop();
    }
  });

  it('give way to what is given, and are refused where nobody knows them', async () => {
    const sessions = await Sessions.start();
    try {
      const { session } = await sessions.service({ preset: 'nistAal3', idle: '2m' }).create(null);
      expect(session.expiresAt.getTime() - session.createdAt.getTime()).toBe(120_000);
      expect(() => sessions.service({ preset: 'pci' as never })).toThrow(/owaspHighValue, .*nistAal3/);
      expect(() => sessions.service({ onReuse: 'panic' as never })).toThrow('"report" or "end"');
    } finally {
      await sessions.stop();
    }
  });

  it('know a login that is fresh, by the clock of the server, and no guest', async () => {
    const sessions = await Sessions.start();
    try {
      const service = sessions.service();
      const { token } = await service.create('ada');
      await sessions.tick();
      const session = await service.get(token);
      if (!session) throw new Error('it lives');
      expect(service.isFresh(session, '5m')).toBe(true);
      expect(service.isFresh(session, 1)).toBe(false);
      expect(service.isFresh((await service.create(null)).session, '5m')).toBe(false);
      expect(() => service.isFresh(session, 'soon' as never)).toThrow(expect.objectContaining({ field: 'freshFor' }));
    } finally {
      await sessions.stop();
    }
  });
});

import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type RedisClient, RedisFunctions } from '@redis-functions/core';
import { SessionService, type SessionServiceOptions } from '@redis-functions/session';
import { availableServers, type RedisCluster, startCluster } from '@redis-functions/testing';
import { CLUSTER_CLIENTS } from '../topologies/cluster-clients.js';
import { newest } from '../topologies/servers.js';

const USERS = Array.from({ length: 20 }, (_, i) => `user ${i}`);

describe.each(newest(availableServers()))('sessions on a cluster of $name', ({ path }) => {
  let cluster: RedisCluster;
  const ends: (() => unknown)[] = [];
  beforeAll(async () => {
    cluster = await startCluster({ server: path, primaries: 3, replicas: 0 });
  });
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
    for (const primary of await cluster.primaries()) await primary.command('FLUSHALL');
  });
  afterAll(() => cluster.stop());

  async function serviceOn(name = 'node-redis', options: Partial<SessionServiceOptions> = {}): Promise<SessionService> {
    const functions = new RedisFunctions({ client: (await CLUSTER_CLIENTS[name]?.(cluster, ends)) as RedisClient });
    const routingKey = 'a routing key of the tests, 32 characters or more';
    const service = new SessionService({ functions, routingKey, deadlineMs: 10_000, ...options });
    ends.push(() => functions.close());
    ends.push(() => service.close());
    return service;
  }

  async function allKeys(): Promise<{ key: string; ttl: number }[]> {
    const perPrimary = await Promise.all(
      (await cluster.primaries()).map(async (primary) => {
        const keys = (await primary.command('KEYS', 'rf:{*')) as string[];
        return Promise.all(keys.map(async (key) => ({ key, ttl: Number(await primary.command('PTTL', key)) })));
      }),
    );
    return perPrimary.flat();
  }

  const keysOf = (token: string) => {
    const [, tag, handle] = token.split('.');
    return { session: `rf:{${tag}}:s:${handle}`, index: `rf:{${tag}}:u` };
  };

  async function halfMoved(token: string, moved: 'session' | 'index') {
    const keys = keysOf(token);
    const from = await cluster.ownerOf(keys.index);
    const to = (await cluster.primaries()).find((primary) => primary !== from);
    if (!to) throw new Error('there are three');
    const move = await cluster.beginMove(await cluster.slotOf(keys.index), to);
    await move.move(keys[moved]);
    let moving = true;
    const finish = async () => {
      if (moving) await move.finish();
      moving = false;
    };
    ends.push(finish);
    return finish;
  }

  it.each(Object.keys(CLUSTER_CLIENTS))('do all that they do on one server: %s', async (name) => {
    const service = await serviceOn(name, { maxSessions: 3, expiryEvents: { everyMs: 1_000_000 } });
    await Promise.all(
      USERS.map(async (user) => {
        const guest = await service.create(null, { cart: [user] });
        const { token } = await service.login(guest.token, user, { device: { ip: '::1' } });
        await Promise.all(Array.from({ length: 20 }, (_, i) => service.patch(token, { [`k${i}`]: i })));
        expect(await service.increment(token, 'n', 2)).toBe(2);
        expect(await service.append(token, 'cart', 'more')).toBe(2);
        expect(await service.pop(token, 'k0')).toEqual({ k0: 0 });
        const next = String(await service.rotate(token));
        expect(await service.get(token)).toMatchObject({ successor: next, data: { cart: [user, 'more'], n: 2 } });
        const others = await Promise.all(Array.from({ length: 5 }, () => service.create(user)));
        expect(await service.list(user)).toHaveLength(3);
        const alive = (await Promise.all(others.map((made) => service.get(made.token)))).findIndex(Boolean);
        const last = String(others[alive]?.token);
        expect(await service.revokeOthers(last)).toBe(2);
        expect(await service.count(user)).toBe(1);
        expect(await service.touch(last)).toMatchObject({ userId: user });
        expect(await service.peek(guest.token)).toBeNull();
      }),
    );
    expect(await service.live()).toBe(USERS.length);
    for (const { key, ttl } of await allKeys()) expect({ key, lives: ttl > 0 }).toEqual({ key, lives: true });
    expect(await Promise.all(USERS.map((user) => service.revokeAll(user)))).toEqual(USERS.map(() => 1));
    expect(await service.live()).toBe(0);
  });

  it.each(Object.keys(CLUSTER_CLIENTS))('are ended all at once in a slot that has moved by half: %s', async (name) => {
    const service = await serviceOn(name);
    const [first, second] = await Promise.all([service.create('ada'), service.create('ada')]);
    const finish = await halfMoved(first.token, 'session');
    expect(await service.revokeAll('ada')).toBe(2);
    await finish();
    for (const { token } of [first, second]) {
      expect(await service.get(token)).toBeNull();
      expect(await service.patch(token, { a: 1 })).toBeNull();
    }
    expect(await service.count('ada')).toBe(0);
  });

  it.each([
    ['node-redis', 'session'],
    ['node-redis', 'index'],
    ['ioredis', 'session'],
  ] as const)('wait for a slot to have moved, within their deadline: %s, the %s first', async (name, moved) => {
    const service = await serviceOn(name);
    const { token } = await service.create('ada', { kept: 1 });
    const finish = await halfMoved(token, moved);
    const waiting = Promise.all([
      service.get(token),
      service.patch(token, { a: 1 }),
      service.increment(token, 'n'),
      service.login(null, 'ada'),
    ]);
    // until they have been told to try again
    const first = await Promise.race([waiting, new Promise((resolve) => setTimeout(resolve, 200, 'they wait'))]);
    expect(first).toBe('they wait');
    await finish();
    const [session, , sum] = await waiting;
    expect(session).toMatchObject({ userId: 'ada' });
    expect(sum).toBe(1);
    expect((await service.get(token))?.data).toEqual({ kept: 1, a: 1, n: 1 });
    expect(await service.list('ada')).toHaveLength(2);
  });

  it('give up at their deadline where the slot does not move on', async () => {
    const service = await serviceOn('node-redis', { deadlineMs: 300 });
    const { token } = await service.create('ada');
    const finish = await halfMoved(token, 'index');
    await expect(service.get(token)).rejects.toMatchObject({ code: expect.stringMatching(/DEADLINE|TRYAGAIN/) });
    await finish();
    expect(await service.get(token)).not.toBeNull();
  });

  it('lose no change and bring nobody back while slots move', async () => {
    const service = await serviceOn();
    const sessions = await Promise.all(USERS.map((user) => service.create(user, { n: 0 })));
    const sums = sessions.map(() => 0);
    let moving = true;
    const ended = new Set<number>();
    const writers = sessions.flatMap(({ token }, i) =>
      [0, 1].map(async () => {
        while (moving || sums[i] === 0) {
          const sum = await service.increment(token, 'n');
          if (sum === null) return;
          sums[i] = Number(sums[i]) + 1;
          if (ended.has(i)) throw new Error('a session was changed after its end');
        }
      }),
    );
    const [from, to] = (await cluster.primaries()) as [RedisCluster['nodes'][number], RedisCluster['nodes'][number]];
    const slots = new Set<number>();
    for (const { token } of sessions) {
      const { index } = keysOf(token);
      if ((await cluster.ownerOf(index)) === from) slots.add(await cluster.slotOf(index));
    }
    expect(slots.size).toBeGreaterThan(2);
    const resharded = cluster.reshard({ from, to, slots: [...slots] });
    // every other user is logged out meanwhile
    const revoked = (async () => {
      for (let i = 0; i < USERS.length; i += 2) {
        expect(await service.revokeAll(String(USERS[i]))).toBe(1);
        // what had been answered before this; one call may be on its way
        await service.get(String(sessions[i]?.token)).then((session) => expect(session).toBeNull());
        ended.add(i);
      }
    })();
    await Promise.all([resharded, revoked]);
    moving = false;
    await Promise.all(writers);
    for (const [i, { token }] of sessions.entries()) {
      const session = await service.get(token);
      expect(session?.data).toEqual(i % 2 === 0 ? undefined : { n: sums[i] });
    }
  });
});

import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type RedisClient, RedisFunctions } from '@redis-functions/core';
import { type Algorithm, RateLimiter, type RateLimiterOptions } from '@redis-functions/rate-limit';
import {
  availableServers,
  type RedisCluster,
  type RedisSentinels,
  startCluster,
  startSentinel,
} from '@redis-functions/testing';
import { CLUSTER_CLIENTS } from '../topologies/cluster-clients.js';
import { newest } from '../topologies/servers.js';

const COUNTING: readonly Algorithm[] = ['token-bucket', 'fixed-window', 'sliding-window', 'sliding-log'];
/** Enough of them that every primary has some; the last ones would change slots if braces were left as they are. */
const KEYS = [...Array.from({ length: 30 }, (_, i) => `client ${i}`), '{a}', 'x{a}b', '}{', '{}', '{client 1}'];

/** Clients that ask without pause, until they are stopped; each for the keys in turn. */
class Asking {
  readonly admitted = new Map<string, number>();
  readonly sources = new Map<string, number>();
  readonly rejected: unknown[] = [];
  #running = true;
  readonly #done: Promise<unknown>;

  constructor(limiter: RateLimiter, keys: readonly string[]) {
    this.#done = Promise.all(Array.from({ length: 8 }, (_, worker) => this.#ask(limiter, keys, worker)));
  }

  async until(isEnough: () => boolean, withinMs = 20_000): Promise<void> {
    const givesUpAt = performance.now() + withinMs;
    while (!isEnough()) {
      if (performance.now() > givesUpAt) throw new Error(`not within ${withinMs} ms: ${[...this.sources]}`);
      await new Promise(setImmediate);
    }
  }

  /** So many more decisions by somebody. */
  async more(source: string, count: number): Promise<void> {
    const wanted = (this.sources.get(source) ?? 0) + count;
    await this.until(() => (this.sources.get(source) ?? 0) >= wanted);
  }

  async stop(): Promise<void> {
    this.#running = false;
    await this.#done;
  }

  async #ask(limiter: RateLimiter, keys: readonly string[], first: number): Promise<void> {
    for (let i = first; this.#running; i++) {
      const key = keys[i % keys.length] as string;
      await limiter.consume(key).then(
        ({ allowed, source }) => {
          this.sources.set(source, (this.sources.get(source) ?? 0) + 1);
          if (allowed && source === 'redis') this.admitted.set(key, (this.admitted.get(key) ?? 0) + 1);
        },
        (error) => this.rejected.push(error),
      );
      await new Promise(setImmediate);
    }
  }
}

describe.each(newest(availableServers()))('limits on a cluster of $name', ({ path }) => {
  let cluster: RedisCluster;
  const ends: (() => unknown)[] = [];
  beforeAll(async () => {
    cluster = await startCluster({ server: path, primaries: 3, replicas: 1 });
  });
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
    for (const primary of await cluster.primaries()) await primary.command('FLUSHALL');
  });
  afterAll(() => cluster.stop());

  const limiterOn = (client: RedisClient | undefined, options: Partial<RateLimiterOptions>) => {
    const nodes = cluster.addresses.map(({ host, port }) => `redis://${host}:${port}`);
    const functions = new RedisFunctions({
      ...(client ? { client } : { cluster: { nodes } }),
      deadlineMs: 10_000,
    });
    const limiter = new RateLimiter({ functions, deadlineMs: 5_000, startupMs: 10_000, onError: () => {}, ...options });
    ends.push(async () => {
      await limiter.close();
      await functions.close();
    });
    return limiter;
  };
  async function allKeys(): Promise<string[]> {
    const keys = await Promise.all((await cluster.primaries()).map((primary) => primary.command('KEYS', '*')));
    // not those by which deployers meet
    return (keys as string[][]).flat().filter((key) => !key.startsWith('rf:'));
  }

  it.each(Object.keys(CLUSTER_CLIENTS))('do all that they do on one server: %s', async (name) => {
    const client = await CLUSTER_CLIENTS[name]?.(cluster, ends);
    const policies = [
      ...COUNTING.map((algorithm) => ({ name: algorithm, limit: 5, window: '1h', algorithm })),
      { name: 'running', limit: 4, window: '1h', algorithm: 'concurrency' as const },
      { name: 'tried', limit: 1, window: '1h', shadow: true },
    ];
    const limiter = limiterOn(client, { policies });
    const decisions = await Promise.all(KEYS.flatMap((key) => [1, 2, 3].map(() => limiter.consume(key))));
    expect(decisions.every(({ allowed, source }) => allowed && source === 'redis')).toBe(true);
    const first = decisions.filter((_, index) => index % 3 === 0);
    expect(await Promise.all(first.map((decision) => limiter.settle(decision, 0)))).toEqual(KEYS.map(() => true));
    await Promise.all(decisions.map((decision) => limiter.release(decision)));
    const left = await Promise.all(KEYS.map((key) => limiter.peek(key)));
    for (const { policies: said } of left) {
      expect(said.slice(0, 5).map(({ remaining }) => remaining)).toEqual([3, 3, 3, 3, 4]);
    }
    await Promise.all(KEYS.map((key) => limiter.penalty(key, 2)));
    expect((await limiter.reward('{a}', 1)).policies.slice(0, 4).map(({ remaining }) => remaining)).toEqual([
      2, 2, 2, 2,
    ]);
    expect((await limiter.set('x{a}b', 5)).allowed).toBe(false);
    await limiter.block('}{', '1h');
    expect((await limiter.consume('}{')).policies.every(({ blocked }) => blocked)).toBe(true);
    await limiter.unblock('}{');
    for (const key of await allKeys()) expect(key).toMatch(/^rl:\{[^{}]+\}:/);
    for (const primary of await cluster.primaries()) {
      for (const key of (await primary.command('KEYS', 'rl:*')) as string[]) {
        expect(await primary.command('PTTL', key)).not.toBe(-1);
      }
    }
    await Promise.all(KEYS.map((key) => limiter.reset(key)));
    expect((await allKeys()).filter((key) => !key.includes(':settled:'))).toEqual([]);
  });

  it('say so where keys of one call are in several slots', async () => {
    const functions = new RedisFunctions({
      client: (await CLUSTER_CLIENTS['node-redis']?.(cluster, ends)) as RedisClient,
    });
    await limiterOn(undefined, {}).ready();
    await expect(
      functions.call('ratelimiter_consume', ['a', 'b'], ['tb', 1, 1_000, 1, 'tb', 1, 1_000, 1]),
    ).rejects.toMatchObject({ code: 'CROSSSLOT' });
  });

  it('admit no more than the limit while slots move', async () => {
    const limit = 40;
    const policies = [{ limit, window: '1h', algorithm: 'sliding-log' as const }];
    const limiter = limiterOn(undefined, { policies, denyCache: false });
    await limiter.ready();
    const asking = new Asking(limiter, KEYS);
    await asking.more('redis', 100);
    const [from, to] = await cluster.primaries();
    await cluster.reshard({ from: from as never, to: to as never, slots: 300 });
    await asking.until(() => KEYS.every((key) => (asking.admitted.get(key) ?? 0) >= limit));
    await asking.more('redis', 200);
    await asking.stop();
    expect(asking.rejected).toEqual([]);
    expect([...asking.admitted.values()]).toEqual(KEYS.map(() => limit));
  });

  it('leave the keys of other primaries to Redis while one is frozen', async () => {
    const limiter = limiterOn(undefined, { policies: [{ limit: 1_000_000, window: '1h' }], deadlineMs: 200 });
    await limiter.ready();
    await Promise.all(KEYS.map((key) => limiter.consume(key)));
    const frozen = await cluster.ownerOf('rl:{client%200}');
    const circuits: string[] = [];
    limiter.on('circuit', (state, server) => circuits.push(`${state} ${server}`));
    frozen.pause();
    try {
      await Promise.all(KEYS.map((key) => limiter.consume(key)));
      expect(circuits).toEqual([`open ${frozen.host}:${frozen.port}`]);
      const began = performance.now();
      const decisions = await Promise.all(KEYS.map((key) => limiter.consume(key)));
      expect(performance.now() - began).toBeLessThan(200);
      const sources = new Set(decisions.map(({ source }) => source));
      expect(sources).toEqual(new Set(['redis', 'local']));
      expect(decisions[0]).toMatchObject({ source: 'local' });
    } finally {
      frozen.resume();
    }
    const asking = new Asking(limiter, KEYS);
    await asking.until(() => circuits.length === 2);
    await asking.stop();
    expect(circuits[1]).toBe(`closed ${frozen.host}:${frozen.port}`);
    await cluster.settled();
  });

  it('go on after a primary was killed and replaced', async () => {
    const limiter = limiterOn(undefined, { policies: [{ limit: 1_000_000, window: '1h' }], deadlineMs: 200 });
    await limiter.ready();
    const asking = new Asking(limiter, KEYS);
    await asking.more('redis', 100);
    const [old] = await cluster.primaries();
    await (old as RedisCluster['nodes'][number]).kill();
    await asking.more('local', 20);
    await cluster.failover(old);
    await asking.until(() => true);
    const everybody = async () => Promise.all(KEYS.map((key) => limiter.consume(key)));
    const givesUpAt = performance.now() + 15_000;
    while ((await everybody()).some(({ source }) => source !== 'redis')) {
      expect(performance.now()).toBeLessThan(givesUpAt);
    }
    await asking.stop();
    expect(asking.rejected).toEqual([]);
    await old?.restart();
    await cluster.settled();
  });
});

describe.each(newest(availableServers()))('limits on a primary of $name under Sentinel', ({ path }) => {
  let group: RedisSentinels;
  beforeAll(async () => {
    group = await startSentinel({ server: path });
  });
  afterAll(() => group.stop());

  it('go on after a failover', async () => {
    const functions = new RedisFunctions({
      sentinel: { name: group.name, nodes: group.addresses.map(({ host, port }) => `redis://${host}:${port}`) },
      deadlineMs: 10_000,
    });
    const limiter = new RateLimiter({
      functions,
      policies: [{ limit: 1_000_000, window: '1h' }],
      deadlineMs: 200,
      startupMs: 10_000,
      onError: () => {},
    });
    await limiter.ready();
    const asking = new Asking(limiter, KEYS);
    await asking.more('redis', 100);
    await group.failover();
    await asking.more('redis', 300);
    await asking.stop();
    expect(asking.rejected).toEqual([]);
    await limiter.close();
    await functions.close();
  });
});

import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { RedisFunctions } from '@redis-functions/core';
import {
  availableServers,
  type RedisCluster,
  type RedisSentinels,
  type RedisServer,
  startCluster,
  startRedis,
  startSentinel,
} from '@redis-functions/testing';
import { counterLibrary } from '../topologies/counter.js';
import { newest } from '../topologies/servers.js';
import { Workers } from './workers.js';

const library = counterLibrary();
const DEADLINE_MS = 4_000;
/** What two loaded cores may add to a deadline. */
const SLACK_MS = 1_500;

const urls = (addresses: readonly { host: string; port: number }[]) =>
  addresses.map(({ host, port }) => `redis://${host}:${port}`);

describe.each(newest(availableServers()))('calls without pause on $name', ({ path }) => {
  const opened: RedisFunctions[] = [];
  let workers: Workers | undefined;
  const connect = (options: ConstructorParameters<typeof RedisFunctions>[0]) => {
    const functions = new RedisFunctions({ libraries: [library], deadlineMs: DEADLINE_MS, ...options });
    opened.push(functions);
    return functions;
  };
  const work = async (functions: RedisFunctions) => {
    workers = new Workers(functions, library, DEADLINE_MS);
    await workers.succeed(5);
    return workers;
  };
  const endedInTime = ({ all }: Workers) => {
    for (const { slowestMs, unexpected } of all) {
      expect(unexpected).toEqual([]);
      expect(slowestMs).toBeLessThan(DEADLINE_MS + SLACK_MS);
    }
  };
  afterEach(async () => {
    await workers?.stop();
    await Promise.all(opened.splice(0).map((functions) => functions.close()));
  });

  describe('on one server', () => {
    let redis: RedisServer;
    beforeAll(async () => {
      redis = await startRedis({ server: path });
    });
    afterAll(() => redis.stop());

    const sumIs = async (workers: Workers) => {
      await workers.stop();
      for (const [key, { acknowledged, unknown }] of workers.tallies) {
        const value = Number(await redis.command('GET', key));
        expect(value).toBeGreaterThanOrEqual(acknowledged);
        expect(value).toBeLessThanOrEqual(acknowledged + unknown);
      }
      await redis.command('FLUSHALL');
    };

    it('lose nothing when the functions are flushed again and again', async () => {
      const workers = await work(connect({ url: redis.url }));
      for (let i = 0; i < 10; i++) {
        await redis.command('FUNCTION', 'FLUSH');
        await workers.succeed(2);
      }
      for (const { unknown, refused } of workers.all) expect([unknown, refused]).toEqual([0, 0]);
      endedInTime(workers);
      await sumIs(workers);
    });

    it('wait for a server that is frozen for less than their deadline', async () => {
      const workers = await work(connect({ url: redis.url }));
      redis.pause();
      const frozenUntil = performance.now() + 2_000;
      while (performance.now() < frozenUntil) await new Promise(setImmediate);
      redis.resume();
      await workers.succeed(5);
      for (const { unknown, refused } of workers.all) expect([unknown, refused]).toEqual([0, 0]);
      endedInTime(workers);
      await sumIs(workers);
    });

    it('go on after a server that came back empty', async () => {
      const workers = await work(connect({ url: redis.url }));
      await redis.kill();
      await redis.restart();
      await workers.succeed(5);
      endedInTime(workers);
      for (const { refused } of workers.all) expect(refused).toBe(0);
    });
  });

  describe('on a cluster', () => {
    let cluster: RedisCluster;
    beforeAll(async () => {
      cluster = await startCluster({ server: path, primaries: 3, replicas: 1, nodeTimeoutMs: 1_000 });
    });
    afterAll(() => cluster.stop());

    const counted = async (key: string) => Number(await (await cluster.ownerOf(key)).command('GET', key));

    it('lose nothing while an empty primary joins and takes over slots', async () => {
      const workers = await work(connect({ cluster: { nodes: urls(cluster.addresses) } }));
      const added = await cluster.addPrimary({ withFunctions: false });
      await cluster.reshard({ to: added });
      await workers.succeed(5);
      await workers.stop();
      endedInTime(workers);
      for (const [key, { acknowledged, unknown, refused }] of workers.tallies) {
        expect(refused).toBe(0);
        const value = await counted(key);
        expect(value).toBeGreaterThanOrEqual(acknowledged);
        expect(value).toBeLessThanOrEqual(acknowledged + unknown);
      }
    });

    it('go on after a primary was killed, and lose nothing on the others', async () => {
      const before = new Map<string, number>();
      const workers = await work(connect({ cluster: { nodes: urls(cluster.addresses) } }));
      const owners = new Map(
        await Promise.all([...workers.tallies.keys()].map(async (key) => [key, await cluster.ownerOf(key)] as const)),
      );
      for (const key of owners.keys()) before.set(key, 0);
      const victim = owners.get('worker0') as RedisServer;
      await victim.kill();
      await cluster.settled();
      await workers.succeed(5);
      await workers.stop();
      endedInTime(workers);
      for (const [key, owner] of owners) {
        if (owner === victim) continue;
        const { acknowledged, unknown } = workers.tallies.get(key) ?? { acknowledged: 0, unknown: 0 };
        expect(await counted(key)).toBeGreaterThanOrEqual(acknowledged);
        expect(unknown).toBe(0);
      }
    });
  });

  describe('under Sentinel', () => {
    let group: RedisSentinels;
    beforeAll(async () => {
      group = await startSentinel({ server: path, downAfterMs: 700 });
    });
    afterAll(() => group.stop());

    it('go on after the primary was killed', async () => {
      const functions = connect({ sentinel: { name: group.name, nodes: urls(group.addresses) } });
      await functions.deploy({ replicas: 2 });
      const workers = await work(functions);
      await (await group.primary()).kill();
      await group.settled();
      await workers.succeed(5);
      endedInTime(workers);
      for (const { refused } of workers.all) expect(refused).toBe(0);
    });
  });
});

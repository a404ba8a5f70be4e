import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type RedisClient, RedisFunctions } from '@redis-functions/core';
import { availableServers, type RedisCluster, type RedisServer, startCluster } from '@redis-functions/testing';
import { Cluster as Cluster5 } from 'ioredis';
import { Cluster as Cluster6 } from 'ioredis-6';
import { createCluster } from 'redis';
import { counterLibrary } from './counter.js';
import { newest } from './servers.js';

const library = counterLibrary();
/** Enough of them that every primary has some. */
const keys = Array.from({ length: 40 }, (_, i) => `key${i}`);

interface Opened {
  client: RedisClient;
  close(): unknown;
}

const clients: Record<string, (cluster: RedisCluster) => Promise<Opened>> = {
  'node-redis': async ({ addresses }) => {
    const client = createCluster({
      rootNodes: addresses.map(({ host, port }) => ({ url: `redis://${host}:${port}` })),
    });
    client.on('error', () => {});
    await client.connect();
    return { client, close: () => client.destroy() };
  },
  'ioredis 5': async ({ addresses }) => {
    const client = new Cluster5([...addresses]);
    return { client, close: () => client.disconnect() };
  },
  'ioredis 6': async ({ addresses }) => {
    const client = new Cluster6([...addresses]);
    return { client, close: () => client.disconnect() };
  },
};

describe.each(newest(availableServers()))('a cluster of $name', ({ path }) => {
  let cluster: RedisCluster;
  let functions: RedisFunctions;

  beforeAll(async () => {
    cluster = await startCluster({ server: path, primaries: 3, replicas: 1 });
    functions = new RedisFunctions({
      cluster: { nodes: cluster.addresses.map(({ host, port }) => `redis://${host}:${port}`) },
      libraries: [library],
      deadlineMs: 15_000,
    });
  });
  afterAll(async () => {
    await functions.close();
    await cluster.stop();
  });

  const addToAll = async (counter = functions.use(library)) => Promise.all(keys.map((key) => counter.add(key)));

  it('gets the libraries on every primary, in as few round trips as one', async () => {
    const outcomes = await functions.deploy();
    expect(outcomes.map(({ action }) => action)).toEqual(['loaded', 'loaded', 'loaded']);
    expect(new Set(outcomes.map(({ node }) => node)).size).toBe(3);
    expect((await functions.deploy()).map(({ action }) => action)).toEqual(['unchanged', 'unchanged', 'unchanged']);
    const before = await addToAll();
    expect((await addToAll()).map((value, i) => value - (before[i] ?? 0))).toEqual(keys.map(() => 1));
    expect((await functions.list())[0]).toMatchObject({ name: 'counter', differsOn: [] });
    expect(await functions.stats()).toHaveLength(3);
  });

  it.each(Object.keys(clients))('is compared with the files by %s in one round trip per primary', async (name) => {
    const { client, close } = await (clients[name] as (cluster: RedisCluster) => Promise<Opened>)(cluster);
    try {
      const functions = new RedisFunctions({ client, libraries: [library], mode: 'functions', deadlineMs: 15_000 });
      await functions.deploy();
      const primaries = await cluster.primaries();
      await Promise.all(primaries.map((primary) => primary.command('CONFIG', 'RESETSTAT')));
      expect(await functions.plan()).toHaveLength(3);
      const calls = await Promise.all(primaries.map(callsOf));
      // and one question for who the primaries are, to whichever of them
      expect(calls.map(({ 'function|list': lists }) => lists)).toEqual([1, 1, 1]);
      expect(calls.reduce((sum, { 'cluster|slots': asked = 0 }) => sum + asked, 0)).toBe(1);
      expect(new Set(calls.flatMap(Object.keys))).toEqual(new Set(['function|list', 'cluster|slots']));
    } finally {
      await close();
    }
  });

  it.each(Object.keys(clients))(
    'is reached by %s, which brings a lost library back to the primary that lost it',
    async (name) => {
      const { client, close } = await (clients[name] as (cluster: RedisCluster) => Promise<Opened>)(cluster);
      try {
        const functions = new RedisFunctions({ client, libraries: [library], deadlineMs: 15_000 });
        await functions.deploy();
        await addToAll(functions.use(library));
        const [first] = await cluster.primaries();
        await first?.command('FUNCTION', 'FLUSH');
        const [entry] = await functions.list();
        expect(entry).toMatchObject({ differsOn: [`127.0.0.1:${first?.port}`] });
        await addToAll(functions.use(library));
        expect((await functions.list())[0]?.differsOn).toEqual([]);

        const payload = await functions.dump();
        await functions.flush();
        expect(await functions.list()).toEqual([]);
        await functions.restore(payload);
        expect((await functions.list())[0]?.nodes).toHaveLength(3);
      } finally {
        await close();
      }
    },
  );

  it('shows a primary that has other code', async () => {
    const [, second] = await cluster.primaries();
    await second?.command('FUNCTION', 'LOAD', 'REPLACE', counterLibrary('0.9.0').code);
    const entries = await functions.list();
    expect(entries.map(({ version, nodes }) => [version, nodes.length]).sort()).toEqual([
      ['0.9.0', 1],
      ['1.0.0', 2],
    ]);
    expect((await functions.plan()).map(({ action }) => action).sort()).toEqual(['replaced', 'unchanged', 'unchanged']);
    await functions.deploy();
  });

  it('keeps the functions through a failover in order', async () => {
    const before = await addToAll();
    await cluster.failover();
    const after = await addToAll();
    expect(after.map((value, i) => value - (before[i] ?? 0))).toEqual(keys.map(() => 1));
  });

  it('gets the library on a primary that was added empty and takes over slots', async () => {
    const added = await cluster.addPrimary({ withFunctions: false });
    const before = await addToAll();
    await cluster.reshard({ to: added });
    const after = await addToAll();
    expect(after.map((value, i) => value - (before[i] ?? 0))).toEqual(keys.map(() => 1));
    expect(String(await added.command('FUNCTION', 'LIST'))).toContain('counter');
    expect((await functions.list())[0]?.nodes).toHaveLength(4);
  });

  it('repeats a call whose keys are on both sides of a slot that is moving', async () => {
    const counter = functions.use(library);
    const [from, to] = ['{moving}:a', '{moving}:b'] as const;
    await counter.add(from, 10);
    const slot = await cluster.slotOf(from);
    const owner = await cluster.ownerOf(from);
    const target = (await cluster.primaries()).find((primary) => primary !== owner);
    if (!target) throw new Error('there are four');
    const move = await cluster.beginMove(slot, target);
    // "a" is still here; "b" does not exist, so it would be over there: TRYAGAIN
    const moving = counter.move(from, to);
    await expect(counter.add('elsewhere')).resolves.toBeGreaterThan(0);
    await move.finish();
    expect(await moving).toBe(1);
    expect(await counter.read(from)).toBe(9);
  });
});

/** Of clients; what nodes send each other and what a test asks is left out. */
async function callsOf(primary: RedisServer): Promise<Record<string, number>> {
  const text = String(await primary.command('INFO', 'commandstats'));
  const counts = [...text.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)].map(([, name = '', calls]) => [
    name,
    Number(calls),
  ]);
  const ours = ['config|resetstat', 'info', 'replconf', 'ping', 'hello', 'client|setinfo', 'cluster|nodes'];
  return Object.fromEntries(counts.filter(([name]) => !ours.includes(String(name))));
}

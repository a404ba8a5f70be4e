import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createCluster } from 'redis';
import { type RedisCluster, type RedisServer, startCluster } from '../src/index.js';
import { oneOfEach } from './matrix.js';

const PROBE = "#!lua name=probe\nredis.register_function{function_name='probe', callback=function() return 'here' end}";

/** Roles and slots as each node says them, without asking the code under test. */
async function viewsOf(cluster: RedisCluster): Promise<Set<string>> {
  const running = cluster.nodes.filter(({ isRunning }) => isRunning);
  const views = await Promise.all(
    running.map(async (node) => {
      const lines = String(await node.command('CLUSTER', 'NODES'))
        .trim()
        .split('\n');
      const roles = lines.map((line) => {
        const [id, , flags, primary, , , , , ...slots] = line.split(' ');
        return [id, flags?.replace('myself,', ''), primary, ...slots].join(' ');
      });
      return roles.sort().join('\n');
    }),
  );
  return new Set(views);
}

const rolesIn = (view: string) => view.split('\n').map((line) => line.split(' ')[1]);

describe.each(oneOfEach())('a cluster of $name', ({ path }) => {
  let cluster: RedisCluster;
  let key: string;
  let owner: RedisServer;

  beforeAll(async () => {
    cluster = await startCluster({ server: path, primaries: 3, replicas: 1 });
  }, 60_000);
  afterAll(() => cluster?.stop());

  it('is started when every node knows every role', async () => {
    const views = await viewsOf(cluster);
    expect(views.size).toBe(1);
    const roles = rolesIn([...views][0] as string);
    expect(roles.sort()).toEqual(['master', 'master', 'master', 'slave', 'slave', 'slave']);
    const [primaries, replicas] = [cluster.nodes.slice(0, 3), cluster.nodes.slice(3)];
    expect(await cluster.primaries()).toEqual(primaries);
    expect(await cluster.replicasOf(primaries[1] as RedisServer)).toEqual([replicas[1]]);
  });

  it('takes the writes of a client, each where its slot is', async () => {
    const client = createCluster({ rootNodes: [{ url: cluster.url }] });
    client.on('error', () => {});
    await client.connect();
    try {
      for (let at = 0; at < 50; at++) await client.set(`key:${at}`, String(at));
    } finally {
      client.destroy();
    }
    key = 'key:7';
    owner = await cluster.ownerOf(key);
    expect(await owner.command('GET', key)).toBe('7');
    expect(await cluster.ownerOf(await cluster.slotOf(key))).toBe(owner);
    const sizes = await Promise.all((await cluster.primaries()).map((node) => node.command('DBSIZE')));
    expect(sizes.map(Number).reduce((sum, size) => sum + size)).toBe(50);
    expect(Math.min(...sizes.map(Number))).toBeGreaterThan(0);
  });

  it('makes the replica of a living primary the primary, with data and functions', async () => {
    await owner.command('FUNCTION', 'LOAD', PROBE);
    await cluster.settled();
    const next = await cluster.failover(owner);
    expect(await cluster.ownerOf(key)).toBe(next);
    expect(await cluster.replicasOf(next)).toEqual([owner]);
    expect([await next.command('GET', key), await next.command('FCALL', 'probe', '0')]).toEqual(['7', 'here']);
    expect((await viewsOf(cluster)).size).toBe(1);
    owner = next;
  });

  it('elects another when a primary dies, and has the dead one back as a replica', async () => {
    const dead = owner;
    await dead.kill();
    await cluster.settled();
    owner = await cluster.ownerOf(key);
    expect(owner).not.toBe(dead);
    expect(await owner.command('GET', key)).toBe('7');
    await dead.restart();
    await cluster.settled();
    expect(await cluster.replicasOf(owner)).toEqual([dead]);
    expect(await dead.command('FUNCTION', 'LIST')).toHaveLength(1);
  });

  it('takes a replica at once where nobody waits for an election', async () => {
    const frozen = owner;
    frozen.pause();
    owner = await cluster.failover(frozen);
    expect(owner).not.toBe(frozen);
    expect(await owner.command('GET', key)).toBe('7');
    frozen.resume();
    await cluster.settled();
    expect(await cluster.replicasOf(owner)).toEqual([frozen]);
  });

  it('gets a new primary: with the functions of the others, or empty as CLUSTER MEET leaves it', async () => {
    const library = (await cluster.primaries())[0] as RedisServer;
    await library.command('FUNCTION', 'LOAD', 'REPLACE', PROBE);
    const [copied, empty] = [await cluster.addPrimary(), await cluster.addPrimary({ withFunctions: false })];
    expect(await copied.command('FCALL', 'probe', '0')).toBe('here');
    expect(await empty.command('FUNCTION', 'LIST')).toEqual([]);
    expect(await cluster.primaries()).toHaveLength(5);

    const slot = await cluster.slotOf(key);
    await cluster.reshard({ to: empty, slots: [slot] });
    expect(await cluster.ownerOf(key)).toBe(empty);
    expect(await empty.command('GET', key)).toBe('7');
    await expect(empty.command('FCALL', 'probe', '1', key)).rejects.toThrow(/Function not found/);
    await expect(owner.command('GET', key)).rejects.toThrow(/MOVED/);

    await cluster.reshard({ to: copied, from: owner, slots: 200 });
    expect((await viewsOf(cluster)).size).toBe(1);
    owner = empty;
  });

  it('leaves a slot between two primaries: ASK for a key that has gone, TRYAGAIN for two of which one has', async () => {
    const [one, two] = ['{between}1', '{between}2'];
    const from = await cluster.ownerOf(one);
    const to = (await cluster.primaries()).find((node) => node !== from) as RedisServer;
    await from.command('MSET', one, 'x', two, 'y');
    const slot = await cluster.slotOf(one);

    const move = await cluster.beginMove(slot, to);
    await move.move(one);
    await expect(from.command('GET', one)).rejects.toThrow(new RegExp(`^ASK ${slot} 127.0.0.1:${to.port}`));
    expect(await from.command('GET', two)).toBe('y');
    await expect(from.command('MGET', one, two)).rejects.toThrow(/^TRYAGAIN/);
    await expect(move.move('{between}none')).rejects.toThrow(/none of the keys/);

    await move.cancel();
    expect(await from.command('MGET', one, two)).toEqual(['x', 'y']);

    const again = await cluster.beginMove(slot, to);
    await again.finish();
    expect(await cluster.ownerOf(one)).toBe(to);
    expect(await to.command('MGET', one, two)).toEqual(['x', 'y']);
  });

  it('refuses what cannot be', async () => {
    const [first] = await cluster.primaries();
    const to = first as RedisServer;
    await expect(cluster.ownerOf(16_384)).rejects.toMatchObject({ field: 'slot' });
    await expect(cluster.reshard({ to, from: to })).rejects.toMatchObject({ field: 'from' });
    await expect(cluster.reshard({ to, slots: 100_000 })).rejects.toMatchObject({ field: 'slots' });
    await expect(cluster.reshard({ to, slots: [-1] })).rejects.toMatchObject({ field: 'slots' });
    await expect(cluster.beginMove(await cluster.slotOf(key), owner)).rejects.toMatchObject({ field: 'to' });
    await expect(cluster.failover(owner)).rejects.toMatchObject({ field: 'primary' });
  });
});

describe('clusters', () => {
  it('of one primary, over TLS with a password, take writes, and never settle without it', async () => {
    const cluster = await startCluster({ primaries: 1, tls: true, password: 's3cret' });
    try {
      const client = createCluster({
        rootNodes: [{ url: cluster.url }],
        defaults: { password: 's3cret', socket: { tls: true, ...cluster.tls } },
      });
      client.on('error', () => {});
      await client.connect();
      expect(await client.set('a', '1')).toBe('OK');
      client.destroy();
      const replica = await cluster.addReplica(cluster.nodes[0] as RedisServer);
      expect(await replica.command('DBSIZE')).toBe(1);
      for (const node of cluster.nodes) {
        await node.kill();
        await expect(cluster.settled(100)).rejects.toMatchObject({ code: 'NOT_SETTLED' });
      }
    } finally {
      await cluster.stop();
    }
  });

  it.each([0, 2.5])('refuse %p primaries', async (primaries) => {
    await expect(startCluster({ primaries })).rejects.toMatchObject({ field: 'primaries' });
  });
});

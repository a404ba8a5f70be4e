import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RedisFunctions } from '@redis-functions/core';
import { availableServers, type RedisSentinels, startSentinel } from '@redis-functions/testing';
import { Redis as Redis5 } from 'ioredis';
import { Redis as Redis6 } from 'ioredis-6';
import { createSentinel } from 'redis';
import { counterLibrary, eventually } from './counter.js';
import { newest } from './servers.js';

const library = counterLibrary();

describe.each(newest(availableServers()))('a primary of $name under Sentinel', ({ path }) => {
  let group: RedisSentinels;
  let functions: RedisFunctions;

  beforeAll(async () => {
    group = await startSentinel({ server: path });
    functions = new RedisFunctions({
      sentinel: { name: group.name, nodes: group.addresses.map(({ host, port }) => `redis://${host}:${port}`) },
      libraries: [library],
      deadlineMs: 20_000,
    });
  });
  afterAll(async () => {
    await functions.close();
    await group.stop();
  });

  it('gets the libraries, waits for its replicas where that is asked for, and answers', async () => {
    expect(await functions.deploy({ replicas: 2 })).toMatchObject([{ action: 'loaded' }]);
    await expect(functions.deploy({ replicas: 3, replicaTimeoutMs: 50, force: true })).resolves.toBeDefined();
    const counter = functions.use(library);
    expect(await counter.add('a', 2)).toBe(2);
    expect(await counter.read('a')).toBe(2);
  });

  it.each([
    [
      'node-redis',
      async () => {
        const client = createSentinel({ name: group.name, sentinelRootNodes: [...group.addresses] });
        client.on('error', () => {});
        await client.connect();
        return { client, close: () => client.close() };
      },
    ],
    [
      'ioredis 5',
      async () => {
        const client = new Redis5({ sentinels: [...group.addresses], name: group.name });
        return { client, close: async () => client.disconnect() };
      },
    ],
    [
      'ioredis 6',
      async () => {
        const client = new Redis6({ sentinels: [...group.addresses], name: group.name });
        return { client, close: async () => client.disconnect() };
      },
    ],
  ])('is reached by %s', async (_, open) => {
    const { client, close } = await open();
    const functions = new RedisFunctions({ client, libraries: [library] });
    const counter = functions.use(library);
    const before = await counter.read('b');
    await functions.flush();
    expect(await counter.add('b')).toBe(before + 1);
    expect((await functions.list())[0]?.version).toBe('1.0.0');
    await functions.restore(await functions.dump(), 'replace');
    await close();
  });

  it('has the functions on its successor, and nothing is loaded or written where the old one comes back empty', async () => {
    const counter = functions.use(library);
    await functions.deploy({ replicas: 2 });
    const old = await group.primary();
    await old.kill();
    const value = await counter.add('after', 1).catch(() => eventually(() => counter.add('after', 1)));
    expect(value).toBeGreaterThan(0);
    expect((await group.primary()).port).not.toBe(old.port);

    // without persistence it is an empty primary, until Sentinel makes it a replica
    await old.restart();
    for (let i = 0; i < 50; i++) await counter.add('kept');
    expect(await counter.read('kept')).toBe(50);
    await group.settled();
    expect(await counter.read('kept')).toBe(50);
    expect(Number(await old.command('DBSIZE'))).toBeGreaterThan(0);
  });
});

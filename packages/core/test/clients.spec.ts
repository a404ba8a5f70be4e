import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { availableServers, type RedisServer, startRedis } from '@redis-functions/testing';
import { Redis as Redis5 } from 'ioredis';
import { Redis as Redis6 } from 'ioredis-6';
import { createClient, createClientPool } from 'redis';
import { createRedisFunctions, type RedisClient, RedisFunctions } from '../src/index.js';
import { counterLibrary } from './counter-library.js';

interface Opened {
  client: RedisClient;
  close(): unknown;
}

const clients: Record<string, (url: string) => Promise<Opened>> = {
  'node-redis on RESP3': async (url) => {
    const client = await createClient({ url }).connect();
    return { client, close: () => client.close() };
  },
  'node-redis on RESP2': async (url) => {
    const client = await createClient({ url, RESP: 2 }).connect();
    return { client, close: () => client.close() };
  },
  'a node-redis pool': async (url) => {
    const client = await createClientPool({ url }, { maximum: 3 }).connect();
    if (!client) throw new Error('the pool did not open');
    return { client, close: () => client.close() };
  },
  'ioredis 5': async (url) => {
    const client = new Redis5(url);
    return { client, close: () => client.disconnect() };
  },
  'ioredis 6': async (url) => {
    const client = new Redis6(url);
    return { client, close: () => client.disconnect() };
  },
};

const library = counterLibrary();

describe.each(availableServers())('on $name', ({ path }) => {
  let redis: RedisServer;

  beforeAll(async () => {
    redis = await startRedis({ server: path });
  });
  afterAll(() => redis.stop());

  it.each(Object.keys(clients))('%s deploys, calls, heals, lists, dumps and restores', async (name) => {
    const { client, close } = await (clients[name] as (url: string) => Promise<Opened>)(redis.url);
    try {
      const functions = new RedisFunctions({ client, libraries: [library] });
      const counter = functions.use(library);
      await functions.flush();
      expect(await functions.deploy()).toMatchObject([{ library: 'counter', action: 'loaded' }]);
      expect(await counter.add(name, 2)).toBe(2);
      expect(await counter.echo('é', Buffer.from('b'), 7)).toEqual(['é', 'b', '7']);
      const reader = functions.use(library, { deadlineMs: 500 });
      expect(await reader.read(name)).toBe(2);
      await expect(counter.add(name, 'boom')).rejects.toMatchObject({ code: 'ERR', line: 4, library: 'counter' });

      const payload = await functions.dump();
      await functions.flush();
      expect(await counter.add(name)).toBe(3);
      await functions.flush();
      await functions.restore(payload);
      expect(await functions.list()).toMatchObject([{ name: 'counter', version: '1.0.0', hash: library.hash }]);
    } finally {
      await close();
    }
  });
});

describe('createRedisFunctions', () => {
  it('gives a client that is connected and has its libraries deployed', async () => {
    const redis = await startRedis();
    const functions = await createRedisFunctions({ url: redis.url, libraries: [library] });
    expect(String(await redis.command('FUNCTION', 'LIST'))).not.toBe('');
    expect(await functions.use(library).add('a')).toBe(1);
    expect(String(await redis.command('CLIENT', 'LIST'))).toContain('name=redis-functions');
    await functions.close();
    await redis.stop();
  });

  it('leaves nothing open where it cannot', async () => {
    const away = createRedisFunctions({ url: 'redis://127.0.0.1:1', deadlineMs: 100 });
    await expect(away).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    const wrong = [
      { cluster: { nodes: [] } },
      { cluster: { nodes: ['host:1'] } },
      { sentinel: { name: 'a', nodes: ['http://host'] } },
      { url: 'redis://localhost', cluster: { nodes: ['redis://localhost'] } },
    ];
    for (const options of wrong) {
      await expect(createRedisFunctions(options)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    }
  });
});

describe('a client that is not one', () => {
  it.each([null, undefined, {}, 'redis://localhost', { sendCommand: () => {} }, new Map()])(
    'is refused: %p',
    (client) => {
      expect(() => new RedisFunctions({ client: client as unknown as RedisClient })).toThrow(/client|url/);
    },
  );
});

import { afterEach, describe, expect, it } from '@jest/globals';
import { createSentinel } from 'redis';
import { type RedisSentinels, startSentinel } from '../src/index.js';
import { oneOfEach } from './matrix.js';

let group: RedisSentinels | undefined;

afterEach(async () => {
  await group?.stop();
  group = undefined;
});

const PROBE = "#!lua name=probe\nredis.register_function('probe', function() return 'here' end)";

describe.each(oneOfEach())('$name, watched by sentinels', ({ path }) => {
  it('changes its primary when told, and when the primary dies, and loses nothing that had arrived', async () => {
    group = await startSentinel({ server: path, downAfterMs: 700 });
    expect([group.nodes.length, group.sentinels.length, group.addresses.length]).toEqual([3, 3, 3]);
    const first = await group.primary();
    expect(first).toBe(group.nodes[0]);
    await first.command('SET', 'a', '1');
    await first.command('FUNCTION', 'LOAD', PROBE);

    const second = await group.failover();
    expect(second).not.toBe(first);
    expect(await group.primary()).toBe(second);
    expect(await second.command('GET', 'a')).toBe('1');

    await second.kill();
    await group.settled();
    // none of those that are well was taken for dead: that would be one more change, and ten seconds with two primaries
    for (const { log } of group.sentinels) {
      const dead = Array.from(log.matchAll(/\+sdown master \S+ \S+ (\d+)/g), ([, port]) => Number(port));
      expect(dead.filter((port) => port !== second.port)).toEqual([]);
    }
    const third = await group.primary();
    expect(third).not.toBe(second);
    expect([await third.command('GET', 'a'), await third.command('FCALL', 'probe', '0')]).toEqual(['1', 'here']);

    // what a client must not be misled by: alone and empty, it takes writes until the sentinels look
    await second.restart();
    expect(await second.command('DBSIZE')).toBe(0);
    expect(await second.command('SET', 'a', 'lost')).toBe('OK');
    expect(await group.primary()).toBe(third);
  });

  it('is found by a client that knows the sentinels', async () => {
    group = await startSentinel({ server: path, name: 'shop', replicas: 1, sentinels: 1, password: 's3cret' });
    const client = createSentinel({
      name: group.name,
      sentinelRootNodes: [...group.addresses],
      nodeClientOptions: { password: 's3cret' },
    });
    client.on('error', () => {});
    await client.connect();
    try {
      await client.set('a', '1');
      expect(await (await group.primary()).command('GET', 'a')).toBe('1');
    } finally {
      await client.close();
    }
  });
});

describe('sentinels', () => {
  it('cannot be asked for a quorum that they do not have', async () => {
    await expect(startSentinel({ sentinels: 2, quorum: 3 })).rejects.toMatchObject({ field: 'quorum' });
    await expect(startSentinel({ sentinels: 0 })).rejects.toMatchObject({ field: 'quorum' });
  });
});

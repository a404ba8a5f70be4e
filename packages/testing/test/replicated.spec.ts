import { afterEach, describe, expect, it } from '@jest/globals';
import { type RedisReplicated, startReplicated } from '../src/index.js';
import { oneOfEach } from './matrix.js';

let replicated: RedisReplicated | undefined;

afterEach(() => replicated?.stop());

describe.each(oneOfEach())('$name, replicated', ({ path }) => {
  it('has every write on every replica, and takes none there', async () => {
    replicated = await startReplicated({ server: path, replicas: 2 });
    const { primary, replicas } = replicated;
    expect(replicas).toHaveLength(2);
    await primary.command('SET', 'a', '1');
    await replicated.settled();
    for (const replica of replicas) {
      expect(await replica.command('GET', 'a')).toBe('1');
      await expect(replica.command('SET', 'a', '2')).rejects.toThrow(/READONLY/);
    }
  });

  it('loses nothing when a replica takes over at once, neither from a living nor from a dead primary', async () => {
    replicated = await startReplicated({ server: path, replicas: 2 });
    const first = replicated.primary;
    await first.command('SET', 'a', '1');
    const second = await replicated.failover();
    expect(second).not.toBe(first);
    expect(replicated.primary).toBe(second);
    expect(await second.command('GET', 'a')).toBe('1');
    await expect(first.command('SET', 'a', '2')).rejects.toThrow(/READONLY/);

    await second.command('SET', 'b', '1');
    await replicated.settled();
    await second.kill();
    const third = await replicated.failover();
    expect([third === first, third === second]).toContain(false);
    expect(await third.command('MGET', 'a', 'b')).toEqual(['1', '1']);
    await third.command('SET', 'c', '1');
  });

  it('keeps the new roles over restarts', async () => {
    replicated = await startReplicated({ server: path });
    const old = replicated.primary;
    const next = await replicated.failover();
    await old.restart();
    await replicated.settled();
    expect(replicated.primary).toBe(next);
    await expect(old.command('SET', 'a', '1')).rejects.toThrow(/READONLY/);
  });
});

describe('replicated servers', () => {
  it('replicate over TLS with a password', async () => {
    replicated = await startReplicated({ tls: 'mutual', password: 's3cret' });
    await replicated.primary.command('SET', 'a', '1');
    await replicated.settled();
    expect(await replicated.replicas[0]?.command('GET', 'a')).toBe('1');
  });

  it('say who is not as it should be', async () => {
    replicated = await startReplicated();
    const replica = replicated.replicas[0];
    await replica?.command('REPLICAOF', 'NO', 'ONE');
    await expect(replicated.settled(100)).rejects.toMatchObject({
      code: 'NOT_SETTLED',
      message: expect.stringContaining(`${replica?.port} is no replica`),
    });
  });

  it.each([-1, 1.5, Number.NaN])('refuse %p replicas', async (replicas) => {
    await expect(startReplicated({ replicas })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', field: 'replicas' });
  });
});

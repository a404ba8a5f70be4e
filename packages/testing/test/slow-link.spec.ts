import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createClient, type RedisClientType } from 'redis';
import { type RedisServer, SlowLink, startRedis } from '../src/index.js';

describe('a slow link', () => {
  let redis: RedisServer;
  let link: SlowLink;
  let client: RedisClientType;

  beforeAll(async () => {
    redis = await startRedis();
  });
  beforeEach(async () => {
    link = await SlowLink.to(redis);
    client = createClient({ url: link.url, socket: { reconnectStrategy: false } });
    client.on('error', () => {});
    await client.connect();
  });
  afterEach(async () => {
    client.destroy();
    await link.close();
  });
  afterAll(() => redis?.stop());

  it('makes replies late, not commands', async () => {
    link.delayMs = 60_000;
    const late = client.set('a', '1');
    while ((await redis.command('GET', 'a')) !== '1');
    const first = await Promise.race([late, new Promise((resolve) => setTimeout(resolve, 50, 'nothing yet'))]);
    expect(first).toBe('nothing yet');
    link.delayMs = 0;
    expect(await late).toBe('OK');
  });

  it('waits as long as it is told', async () => {
    link.delayMs = 150;
    const before = performance.now();
    await client.ping();
    expect(performance.now() - before).toBeGreaterThan(145);
  });

  it('keeps the order of replies, however the delay changes', async () => {
    const replies: Promise<string>[] = [];
    for (const delayMs of [60, 20, 40, 1, 30]) {
      link.delayMs = delayMs;
      replies.push(client.echo(String(delayMs)));
      // what comes in one piece is late as one
      await redis.command('PING');
    }
    expect(await Promise.all(replies)).toEqual(['60', '20', '40', '1', '30']);
    replies.push(client.echo('before'));
    link.delayMs = 0;
    expect(await client.echo('after')).toBe('after');
    expect(await replies.at(-1)).toBe('before');
  });

  it('ends what goes through it, and ends with its server', async () => {
    await link.close();
    await expect(client.ping()).rejects.toThrow();
    const other = await startRedis();
    const way = await SlowLink.to(other);
    const through = createClient({ url: way.url, socket: { reconnectStrategy: false } });
    through.on('error', () => {});
    await through.connect();
    await other.stop();
    await expect(through.ping()).rejects.toThrow();
    await way.close();
    link = await SlowLink.to(redis);
  });
});

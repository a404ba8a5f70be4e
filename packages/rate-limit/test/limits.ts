import { RedisFunctions } from '@redis-functions/core';
import { availableServers, startRedis } from '@redis-functions/testing';
import { createClient, type RedisClientType } from 'redis';
import { RateLimiter, type RateLimiterOptions, rateLimiterLibrary } from '../src/index.js';

const servers = availableServers();

/** Every server on this machine; as scripts on the oldest and the newest, for what differs by server is the same Lua. */
export const CASES = [
  ...servers.map((server) => ({ ...server, mode: 'functions' as const })),
  ...servers
    .filter((_, i) => i === 0 || i === servers.length - 1)
    .map((server) => ({ ...server, mode: 'scripts' as const })),
];

export type Limits = Awaited<ReturnType<typeof startLimits>>;

/** A server of one's own with limiters on it. */
export async function startLimits({ path, mode }: Partial<(typeof CASES)[number]> = {}) {
  const redis = await startRedis(path === undefined ? {} : { server: path });
  const client = createClient({ url: redis.url }) as unknown as RedisClientType;
  await client.connect();
  const functions = new RedisFunctions({ client, libraries: [rateLimiterLibrary], mode: mode ?? 'auto' });
  return {
    redis,
    client,
    functions,
    // a busy machine must not decide in process by chance: the deadline has specs of its own
    limiter: (options: RateLimiterOptions) => new RateLimiter({ functions, deadlineMs: 5_000, ...options }),
    call: (name: string, keys: string[], ...args: (string | number)[]) => functions.call(name, keys, args),
    /** Every key with its content and the moment it expires: equal before and after what must change nothing. */
    async snapshot() {
      const entries = (await client.keys('*')).sort().map(async (key) => {
        const isLog = (await client.type(key)) === 'zset';
        const content = await (isLog ? client.zRangeWithScores(key, 0, -1) : client.get(key));
        return [key, { content, expires: await client.pExpireTime(key) }];
      });
      return Object.fromEntries(await Promise.all(entries));
    },
    async stop() {
      await client.close();
      await redis.stop();
    },
  };
}

/** Waits for what must come true, and says what it was when it did not. */
export async function eventually<T>(
  read: () => Promise<T>,
  isTrue: (value: T) => boolean,
  withinMs = 5_000,
): Promise<T> {
  const givesUpAt = performance.now() + withinMs;
  for (;;) {
    const value = await read();
    if (isTrue(value)) return value;
    if (performance.now() > givesUpAt) throw new Error(`still ${JSON.stringify(value)} after ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

import { RateLimiterRedis } from 'rate-limiter-flexible';
import { isNodeRedis, openIoredis, openNodeRedis } from './clients.js';
import type { Limiter, LimiterOptions } from './limiter.js';

/** Refusals are rejections, and come from memory once Redis has refused. */
export async function rateLimiterFlexible(options: LimiterOptions): Promise<Limiter> {
  const { limiter, client, close } = await openRateLimiterFlexible(options);
  return { name: `rate-limiter-flexible (${client})`, consume: (key) => limiter.consume(key), close };
}

export async function openRateLimiterFlexible({ url, limit, windowMs, client = 'node-redis' }: LimiterOptions) {
  const quota = { points: limit, duration: windowMs / 1_000, inMemoryBlockOnConsumed: limit };
  if (isNodeRedis(client)) {
    const redis = await openNodeRedis(url, client);
    const limiter = new RateLimiterRedis({ storeClient: redis, useRedisPackage: true, ...quota });
    return { limiter, client, close: () => redis.destroy() };
  }
  const redis = openIoredis(url, client);
  return { limiter: new RateLimiterRedis({ storeClient: redis, ...quota }), client, close: () => redis.disconnect() };
}

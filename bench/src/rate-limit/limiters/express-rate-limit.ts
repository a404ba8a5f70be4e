import type { IncrementResponse, Options } from 'express-rate-limit';
import { type RedisReply, RedisStore } from 'rate-limit-redis';
import { isNodeRedis, openIoredis, openNodeRedis } from './clients.js';
import type { Limiter, LimiterOptions } from './limiter.js';

/** What express-rate-limit asks its store for; who is over the limit is asked for like everybody else. */
export async function expressRateLimit(options: LimiterOptions): Promise<Limiter> {
  const { store, client, close } = await openRedisStore(options);
  // all that the store reads of them
  await store.init({ windowMs: options.windowMs } as Options);
  return {
    name: `express-rate-limit + rate-limit-redis (${client})`,
    consume: (key) => store.increment(key),
    outcome: (result) => ((result as IncrementResponse).totalHits > options.limit ? 'refused' : 'done'),
    close,
  };
}

export async function openRedisStore({ url, client = 'node-redis' }: Omit<LimiterOptions, 'limit'>) {
  if (isNodeRedis(client)) {
    const redis = await openNodeRedis(url, client);
    const sendCommand = (...args: string[]) => redis.sendCommand(args) as Promise<RedisReply>;
    return { store: new RedisStore({ sendCommand }), client, close: () => redis.destroy() };
  }
  const redis = openIoredis(url, client);
  const sendCommand = (name: string, ...args: string[]) => redis.call(name, ...args) as Promise<RedisReply>;
  return { store: new RedisStore({ sendCommand }), client, close: () => redis.disconnect() };
}

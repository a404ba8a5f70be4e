import 'reflect-metadata';
import { createHash } from 'node:crypto';
import { ThrottlerStorageRedisService } from '@nest-lab/throttler-storage-redis';
import { isNodeRedis, openIoredis } from './clients.js';
import type { Limiter, LimiterOptions } from './limiter.js';

export interface Throttler {
  readonly name: string;
  readonly limit: number;
  readonly ttlMs: number;
}

type ThrottlerStorageRecord = Awaited<ReturnType<ThrottlerStorageRedisService['increment']>>;

export function nestThrottler({ limit, windowMs, ...options }: LimiterOptions): Promise<Limiter> {
  return nestThrottlers([{ name: 'default', limit, ttlMs: windowMs }], options);
}

/** What the guard of @nestjs/throttler asks its storage for, one throttler after the other, until one refuses. */
export async function nestThrottlers(
  throttlers: readonly Throttler[],
  { url, client = 'ioredis' }: Pick<LimiterOptions, 'url' | 'client'>,
  name = `@nestjs/throttler + nest-lab (${client})`,
): Promise<Limiter> {
  if (isNodeRedis(client)) throw new Error('The storage takes ioredis only. Choose one of these clients.');
  const redis = openIoredis(url, client);
  const storage = new ThrottlerStorageRedisService(redis);
  async function consume(key: string): Promise<ThrottlerStorageRecord | undefined> {
    let record: ThrottlerStorageRecord | undefined;
    for (const { name, limit, ttlMs } of throttlers) {
      record = await storage.increment(key, ttlMs, limit, ttlMs, name);
      if (record.isBlocked) break;
    }
    return record;
  }
  return {
    name,
    toKey: toGuardKey,
    consume,
    outcome: (result) => ((result as ThrottlerStorageRecord).isBlocked ? 'refused' : 'done'),
    close: () => redis.disconnect(),
  };
}

/** Like the keys that the guard makes: a hash of the route, the throttler and the client. Made beforehand, for free. */
function toGuardKey(key: string): string {
  return createHash('sha256').update(`CatsController-findAll-default-${key}`).digest('hex');
}

import { setTimeout as sleep } from 'node:timers/promises';
import { RedisFunctions } from '@redis-functions/core';
import { type RedisServer, startRedis } from '@redis-functions/testing';
import { SessionService, type SessionServiceOptions } from '../src/index.js';

export const ROUTING_KEY = 'a routing key of the tests, 32 characters or more';

/** A server of one's own, and services on it. */
export class Sessions {
  private constructor(
    readonly redis: RedisServer,
    readonly functions: RedisFunctions,
  ) {}

  static async start(mode: 'functions' | 'scripts' = 'functions', server?: string): Promise<Sessions> {
    const redis = await startRedis(server === undefined ? {} : { server });
    return new Sessions(redis, new RedisFunctions({ url: redis.url, mode }));
  }

  service(options: Partial<SessionServiceOptions> = {}): SessionService {
    return new SessionService({ functions: this.functions, routingKey: ROUTING_KEY, ...options });
  }

  async keys(): Promise<string[]> {
    return (await this.redis.command('KEYS', '*')) as string[];
  }

  /** Until the server's clock has moved on: two sessions made now and then have different times. */
  async tick(): Promise<void> {
    const start = await this.#time();
    await until(async () => (await this.#time()) > start + 1);
  }

  async #time(): Promise<number> {
    const [seconds, micros] = (await this.redis.command('TIME')) as [string, string];
    return Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
  }

  async stop(): Promise<void> {
    await this.functions.close();
    await this.redis.stop();
  }
}

export async function until(condition: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 10_000; !(await condition()); await sleep(5)) {
    if (Date.now() > end) throw new Error('it has not become true in 10 seconds');
  }
}

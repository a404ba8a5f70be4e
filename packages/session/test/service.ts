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

  async stop(): Promise<void> {
    await this.functions.close();
    await this.redis.stop();
  }
}

export async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition()));
}

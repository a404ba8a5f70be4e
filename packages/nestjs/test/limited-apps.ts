import type { INestApplication, ModuleMetadata } from '@nestjs/common';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { type RedisServer, startRedis } from '@redis-functions/testing';
import { RedisFunctionsModule, type RedisFunctionsModuleOptions } from '../src/index.js';

export type Platform = 'express' | 'fastify';

export interface AppParts extends ModuleMetadata {
  readonly options?: Partial<RedisFunctionsModuleOptions>;
  readonly platform?: Platform;
  readonly adapter?: FastifyAdapter;
  /** Called before the application is initialised. */
  readonly prepare?: (app: INestApplication) => void;
}

/** Applications on one server of their own, that `afterEach` closes and whose counters it forgets. */
export class LimitedApps {
  readonly #apps: INestApplication[] = [];
  #redis: RedisServer | undefined;

  get redis(): RedisServer {
    if (!this.#redis) throw new Error('Call open() in beforeAll.');
    return this.#redis;
  }

  async open(): Promise<void> {
    this.#redis = await startRedis();
  }

  async start({
    options = {},
    platform = 'express',
    adapter = new FastifyAdapter(),
    prepare,
    imports = [],
    ...parts
  }: AppParts) {
    const testing = await Test.createTestingModule({
      ...parts,
      imports: [RedisFunctionsModule.forRoot(this.options(options)), ...imports],
    }).compile();
    testing.useLogger(false);
    const app =
      platform === 'express'
        ? testing.createNestApplication()
        : testing.createNestApplication<NestFastifyApplication>(adapter);
    this.#apps.push(app);
    prepare?.(app);
    await app.init();
    if (platform === 'fastify') await app.getHttpAdapter().getInstance().ready();
    return app;
  }

  options({ rateLimit, ...options }: Partial<RedisFunctionsModuleOptions> = {}): RedisFunctionsModuleOptions {
    // on a loaded machine 50 ms can pass without anything being wrong
    return { url: this.redis.url, ...options, rateLimit: { deadlineMs: 5_000, ...rateLimit } };
  }

  /** Names of all counters in Redis. */
  async keys(): Promise<string[]> {
    return (await this.redis.command('KEYS', 'rl:*')) as string[];
  }

  async closeAll(): Promise<void> {
    await Promise.all(this.#apps.splice(0).map((app) => app.close()));
    await this.redis.command('FLUSHALL');
  }

  async stop(): Promise<void> {
    await this.redis.stop();
  }
}

/** Waits for what is to come, for as long as a loaded machine may need. */
export async function until(condition: () => unknown): Promise<void> {
  const end = Date.now() + 20_000;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`It never came: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

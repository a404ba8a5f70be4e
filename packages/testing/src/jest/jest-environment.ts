import { TestEnvironment } from 'jest-environment-node';
import { createClient } from 'redis';
import type { RedisServer } from '../server/redis-server.js';
import { startRedis } from '../server/start-redis.js';

/** One for all test files of a worker: this module lives outside of their sandboxes, and as long as the worker. */
let server: Promise<RedisServer> | undefined;

/**
 * A Jest environment with a real server per worker. Tests find it in `process.env.REDIS_URL`; every file begins with an empty
 * one, without data and without function libraries. It ends with the worker, however that ends.
 *
 * In jest.config.js: `testEnvironment: '@redis-functions/testing/jest-environment'`. Which binary: see `findServer`.
 */
export default class RedisEnvironment extends TestEnvironment {
  override async setup(): Promise<void> {
    await super.setup();
    server ??= startRedis();
    const { url } = await server;
    await empty(url);
    this.global.process.env['REDIS_URL'] = url;
  }
}

async function empty(url: string): Promise<void> {
  const client = createClient({ url });
  client.on('error', () => {});
  await client.connect();
  try {
    await client.sendCommand(['FLUSHALL']);
    await client.sendCommand(['FUNCTION', 'FLUSH']);
  } finally {
    client.destroy();
  }
}

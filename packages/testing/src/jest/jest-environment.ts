import { TestEnvironment } from 'jest-environment-node';
import { coverageFolder } from '../coverage/folder.js';
import type { RedisServer } from '../server/redis-server.js';
import { startRedis } from '../server/start-redis.js';

/** One for all test files of a worker: this module lives outside of their sandboxes, and as long as the worker. */
let server: Promise<RedisServer> | undefined;

/**
 * A Jest environment with a real server per worker. Tests find it in `process.env.REDIS_URL`; every file begins with an empty
 * one, without data and without function libraries. It ends with the worker, however that ends.
 *
 * In jest.config.js: `preset: '@redis-functions/testing'`, or `testEnvironment: '@redis-functions/testing/jest-environment'`
 * beside another preset. Which binary: see `findServer`.
 */
export default class RedisEnvironment extends TestEnvironment {
  override async setup(): Promise<void> {
    await super.setup();
    server ??= startRedis();
    const redis = await server;
    await redis.command('FLUSHALL');
    await redis.command('FUNCTION', 'FLUSH');
    this.global.process.env['REDIS_URL'] = redis.url;
  }

  override async teardown(): Promise<void> {
    // all that its libraries have told of hits is read when it has ended; the worker may end before the next file
    if (coverageFolder() !== undefined) await stopServer();
    await super.teardown();
  }
}

async function stopServer(): Promise<void> {
  const running = server;
  server = undefined;
  // one that could not be started has failed the file already
  await running?.then(
    (started) => started.stop(),
    () => {},
  );
}

import { afterAll, afterEach, beforeAll, beforeEach, jest } from '@jest/globals';
import { type RedisServer, startRedis } from '@redis-functions/testing';
import express, { type Express, type NextFunction, type Request, type RequestHandler, type Response } from 'express';
import { type RateLimitMiddleware, type RateLimitOptions, rateLimit } from '../src/index.js';

/** A server for all tests of a file, emptied before each, and applications whose limits are closed after each. */
export function limitedApps() {
  let redis: RedisServer;
  let warn: jest.SpiedFunction<typeof process.emitWarning>;
  const opened: RateLimitMiddleware[] = [];
  beforeAll(async () => {
    redis = await startRedis();
    process.env['REDIS_URL'] = redis.url;
  });
  afterAll(async () => {
    delete process.env['REDIS_URL'];
    await redis.stop();
  });
  beforeEach(async () => {
    await redis.command('FLUSHALL');
    warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
  });
  afterEach(async () => {
    warn.mockRestore();
    for (const middleware of opened.splice(0)) await middleware.close();
  });

  return {
    redis: () => redis,
    /** A limit that a busy machine does not decide in process by chance. */
    limited(options: RateLimitOptions = {}): RateLimitMiddleware {
      const middleware = rateLimit({ ...(options.limiter ? {} : { deadlineMs: 5_000 }), ...options });
      opened.push(middleware);
      return middleware;
    },
    /** Answers what the last middleware left on the request, and 500 with the message of an error. */
    appWith(...middlewares: RequestHandler[]): Express {
      const app = express();
      app.use(...middlewares);
      app.all('/{*path}', (req, res) => {
        res.json(req.rateLimit ?? { none: true });
      });
      return answeringErrors(app);
    },
    /** Codes of the process warnings since the test began. */
    warnings: () => warn.mock.calls.map(([, options]) => (options as { code: string }).code),
    warningTexts: () => warn.mock.calls.map(([message]) => String(message)),
  };
}

export function answeringErrors(app: Express): Express {
  app.use((error: Error, _req: Request, res: Response, _next: NextFunction) => {
    if (!res.headersSent) res.status(500).send(error.message);
  });
  return app;
}

/** Waits for what must come true, and says what it was when it did not. */
export async function eventually<T>(read: () => T | Promise<T>, isTrue: (value: T) => boolean): Promise<T> {
  const givesUpAt = performance.now() + 5_000;
  for (;;) {
    const value = await read();
    if (isTrue(value)) return value;
    if (performance.now() > givesUpAt) throw new Error(`still ${JSON.stringify(value)} after 5 s`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

// An Express app behind one of the limiters, in a process of its own: app.ts NAME URL [ANSWER].
import type { AddressInfo } from 'node:net';
import { type RateLimitOptions, rateLimit } from '@redis-functions/express';
import express, { type RequestHandler } from 'express';
import { rateLimit as expressRateLimit } from 'express-rate-limit';
import { RateLimiterRes } from 'rate-limiter-flexible';
import { serveApp } from '../harness/app-process.js';
import { openRedisStore } from './limiters/express-rate-limit.js';
import { openRateLimiterFlexible } from './limiters/rate-limiter-flexible.js';

/** A response as it goes over the wire. */
export interface Answer {
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

export type AppName = 'bare' | 'ours' | 'express-rate-limit' | 'rate-limiter-flexible' | 'refusing' | 'answering 429';

/** Nobody comes near it. */
const LIMIT = 100_000;
const WINDOW_MS = 3_600_000;

const [name = '', url = '', answer = '{}'] = process.argv.slice(2);

/** Requests that were decided without Redis: that would be the speed of an outage. */
let faked = 0;

const MIDDLEWARE: Readonly<Record<AppName, () => RequestHandler | undefined | Promise<RequestHandler>>> = {
  bare: () => undefined,
  ours: () => ourMiddleware({ limit: LIMIT }),
  'express-rate-limit': async () => {
    const { store } = await openRedisStore({ url, windowMs: WINDOW_MS });
    return expressRateLimit({
      windowMs: WINDOW_MS,
      limit: LIMIT,
      standardHeaders: 'draft-8',
      legacyHeaders: false,
      store,
    });
  },
  'rate-limiter-flexible': flexibleMiddleware,
  refusing: () => ourMiddleware({ limit: 1, prefix: 'rl:refusing' }),
  'answering 429': () => answeringMiddleware(JSON.parse(answer) as Answer),
};

const app = express();
const middleware = await MIDDLEWARE[name as AppName]();
if (middleware) app.use(middleware);
app.get('/', (_request, response) => {
  response.send('Hello World!');
});
const server = app.listen(0, '127.0.0.1', () => serveApp((server.address() as AddressInfo).port, () => faked));
// the load pauses while other apps have their turn
server.keepAliveTimeout = 120_000;

function ourMiddleware(options: RateLimitOptions): RequestHandler {
  const middleware = rateLimit({ url, window: WINDOW_MS, ...options });
  middleware.limiter.on('fallback', () => {
    faked += 1;
  });
  return middleware;
}

/** As its documentation shows it, with the fields that ours sets. */
async function flexibleMiddleware(): Promise<RequestHandler> {
  const { limiter } = await openRateLimiterFlexible({ url, limit: LIMIT, windowMs: WINDOW_MS });
  const quota = `"1h";q=${LIMIT};w=${WINDOW_MS / 1_000}`;
  return (request, response, next) => {
    limiter.consume(request.ip ?? '').then(
      ({ remainingPoints, msBeforeNext }) => {
        response.setHeader('RateLimit-Policy', quota);
        response.setHeader('RateLimit', `"1h";r=${remainingPoints};t=${Math.ceil(msBeforeNext / 1_000)}`);
        next();
      },
      (refusal: unknown) => {
        if (refusal instanceof RateLimiterRes) response.status(429).send('Too Many Requests');
        else next(refusal);
      },
    );
  };
}

function answeringMiddleware({ headers, body }: Answer): RequestHandler {
  return (_request, response) => {
    response.statusCode = 429;
    for (const [name, value] of headers) response.setHeader(name, value);
    response.end(body);
  };
}

import { clientAddress, type RateLimiter } from '@redis-functions/rate-limit';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { resolveOptions } from './configuration.js';
import { decide } from './decide.js';
import type { RateLimitOptions } from './options.js';
import { refuse } from './refuse.js';
import { occupyCounters } from './shared-counters.js';
import { Warnings } from './warnings.js';

export interface RateLimitMiddleware extends RequestHandler {
  /** Who decides: for looking at a key, or for limits outside of HTTP. */
  readonly limiter: RateLimiter;
  /** Gives a key all its units back: an address, or what `keyGenerator` returns. @throws UnavailableError. */
  resetKey(key: string): Promise<void>;
  /** Closes the connection where this middleware opened it. Requests are decided in process from then on. */
  close(): Promise<void>;
}

/**
 * Express middleware that limits requests, for all processes that share a Redis; while Redis is away, each for itself.
 *
 * Without options: 100 requests at once, refilled at 10 per second, by client address, on REDIS_URL or
 * redis://localhost:6379. Warnings of the process (`process.on('warning')`, codes `RATE_LIMIT_…`) say what is set up
 * wrongly.
 *
 * @throws InvalidArgumentError or CostAboveCapacityError that names the option.
 */
export function rateLimit(options: RateLimitOptions = {}): RateLimitMiddleware {
  const configuration = resolveOptions(options);
  const { limiter, ownsLimiter, policies, prefix, key: keyGenerator, ipv6Subnet } = configuration;
  const warnings = new Warnings();
  const counters = policies.fixed.map(({ name, algorithm }) => `${prefix}:{…}:${name} (${algorithm})`);
  const release = ownsLimiter ? occupyCounters(counters) : () => {};
  // connects now, so that the first request need not wait; what is wrong is said by the first decision
  limiter.ready().catch(() => {});

  async function rateLimitMiddleware(request: Request, response: Response, next: NextFunction): Promise<void> {
    try {
      const info = await decide(configuration, request, response, warnings);
      if (info?.allowed === false) {
        await refuse(configuration, info, request, response, next);
        return;
      }
    } catch (error) {
      next(error);
      return;
    }
    next();
  }

  return Object.assign(rateLimitMiddleware, {
    limiter,
    async resetKey(key: string) {
      const counted = keyGenerator === undefined ? (clientAddress(key, ipv6Subnet) ?? key) : key;
      await limiter.reset(counted, { policies: policies.fixed });
    },
    async close() {
      release();
      if (ownsLimiter) await limiter.close();
    },
  });
}

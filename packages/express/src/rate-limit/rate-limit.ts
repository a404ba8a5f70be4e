import { clientAddress, type RateLimiter } from '@redis-functions/rate-limit';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { watchBirth } from './birth.js';
import { type Configuration, resolveOptions } from './configuration.js';
import { decide } from './decide.js';
import type { RateLimitOptions } from './options.js';
import { refuse } from './refuse.js';
import type { RateLimitInfo } from './request-info.js';
import { occupyCounters } from './shared-counters.js';

export interface RateLimitMiddleware extends RequestHandler {
  /** Who decides: for looking at a key, for its events, or for limits outside of HTTP. */
  readonly limiter: RateLimiter;
  /**
   * Gives a key all its units back: an address, or what `keyGenerator` returns. Where `policies` is a function: those that
   * this process has seen. @throws UnavailableError.
   */
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
  const { limiter, ownsLimiter, policies, prefix, checks } = configuration;
  const counters = policies.fixed.map(({ name, algorithm }) => `${prefix}:{…}:${name} (${algorithm})`);
  const letGo = ownsLimiter ? occupyCounters(counters, checks) : () => {};
  const isBeingBorn = watchBirth();
  // connects now, so that the first request need not wait; what is wrong is said by the first decision
  limiter.ready().catch(() => {});

  function rateLimitMiddleware(request: Request, response: Response, next: NextFunction): void | Promise<void> {
    if (isBeingBorn()) reportBirth(configuration);
    const conclude = (info: RateLimitInfo | undefined) => {
      if (info?.allowed !== false) next();
      else return refuse(configuration, info, request, response, next)?.catch(next);
    };
    try {
      const info = decide(configuration, request, response);
      return info instanceof Promise ? info.then(conclude, next) : conclude(info);
    } catch (error) {
      next(error);
    }
  }

  return Object.assign(rateLimitMiddleware, {
    limiter,
    async resetKey(key: string) {
      const counted = toCounted(configuration, key);
      for (const list of policies.lists()) await limiter.reset(counted, { policies: list });
    },
    async close() {
      letGo();
      if (ownsLimiter) await limiter.close();
    },
  });
}

function toCounted({ key: keyGenerator, ipv6Subnet }: Configuration, key: string): string {
  // a subnet that depends on the request is not known here: such a key must be what was counted
  if (keyGenerator !== undefined || typeof ipv6Subnet === 'function') return key;
  return clientAddress(key, ipv6Subnet) ?? key;
}

function reportBirth({ checks }: Configuration): void {
  checks.reportOfProcess(
    'creationStack',
    'rateLimit() was called while a request was handled, and made a middleware for that request only: its connection and ' +
      'its listeners pile up. Call it once, when the application starts; limit, cost and policies may be functions of the request.',
  );
}

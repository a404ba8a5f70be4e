import { defineFunction, defineLibrary, toArray, toInteger } from '@redis-functions/core';
import { code } from './generated/ratelimiter.lua.js';
import { ALGORITHM_CODES } from './policy/algorithm.js';
import type { ResolvedPolicy } from './policy/policy.js';
import type { Verdict } from './verdict.js';

/** What one decision asks of one policy. */
export interface Charge {
  readonly key: string;
  readonly policy: ResolvedPolicy;
  readonly cost: number;
}

function encode(charges: readonly Charge[]) {
  return {
    keys: charges.map(({ key }) => key),
    args: charges.flatMap(({ policy, cost }) => [ALGORITHM_CODES[policy.algorithm], policy.limit, policy.window, cost]),
  };
}

function decode(reply: unknown): Verdict {
  const [, refusedBy, ...numbers] = toArray(reply).map(toInteger);
  const states = Array.from({ length: numbers.length / 3 }, (_, index) => {
    const [remaining = 0, retryAfterMs = 0, resetAfterMs = 0] = numbers.slice(3 * index);
    return { remaining, retryAfterMs, resetAfterMs };
  });
  return { refusedBy: (refusedBy ?? 0) - 1, states };
}

/** The library `ratelimiter`. Contract of each function: lua/ratelimiter.lua. */
export const rateLimiterLibrary = defineLibrary({
  code,
  functions: {
    checkRateLimit: defineFunction('check_rate_limit', {
      encode: (bucket: string, capacity: number, refillPerSecond: number, requested = 1) => ({
        keys: [bucket],
        args: [capacity, refillPerSecond, requested],
      }),
      decode: (reply) => {
        const [allowed = 0, remaining = 0, retryAfterMs = 0, resetAfterMs = 0] = toArray(reply).map(toInteger);
        return { allowed: allowed === 1, remaining, retryAfterMs, resetAfterMs };
      },
    }),
    getRateLimitStatus: defineFunction('get_rate_limit_status', {
      encode: (bucket: string, capacity: number, refillPerSecond: number) => ({
        keys: [bucket],
        args: [capacity, refillPerSecond],
      }),
      decode: (reply) => {
        const [remaining = 0, capacity = 0, resetAfterMs = 0] = toArray(reply).map(toInteger);
        return { remaining, capacity, resetAfterMs };
      },
      readOnly: true,
    }),
    consume: defineFunction('ratelimiter_consume', { encode, decode }),
    peek: defineFunction('ratelimiter_peek', { encode, decode, readOnly: true }),
    reset: defineFunction('ratelimiter_reset', {
      encode: (keys: readonly string[]) => ({ keys }),
      decode: toInteger,
    }),
  },
});

import { defineFunction, defineLibrary, toArray, toInteger } from '@redis-functions/core';
import { code, registered } from './generated/ratelimiter.lua.js';

/** Keys and arguments, as lua/ratelimiter.lua names them. */
interface Call {
  readonly keys: readonly string[];
  readonly args: readonly string[];
}

const asGiven = (call: Call) => call;

/** Numbers only: there may be a thousand of them in a reply. */
function toNumbers(reply: unknown): readonly number[] {
  const numbers = toArray(reply);
  if (typeof numbers[0] === 'number') return numbers as readonly number[];
  return numbers.map(toInteger);
}

/** The library `ratelimiter`. Contract of each function: lua/ratelimiter.lua. */
export const rateLimiterLibrary = defineLibrary({
  code,
  registered,
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
    consume: defineFunction('ratelimiter_consume', { encode: asGiven, decode: toNumbers }),
    peek: defineFunction('ratelimiter_peek', { encode: asGiven, decode: toNumbers, readOnly: true }),
    decide: defineFunction('ratelimiter_decide', { encode: asGiven, decode: toNumbers }),
    change: defineFunction('ratelimiter_change', { encode: asGiven, decode: toNumbers }),
    settle: defineFunction('ratelimiter_settle', { encode: asGiven, decode: (reply) => toInteger(reply) === 1 }),
    block: defineFunction('ratelimiter_block', { encode: asGiven, decode: toInteger }),
    unblock: defineFunction('ratelimiter_unblock', { encode: asGiven, decode: toInteger }),
    release: defineFunction('ratelimiter_release', { encode: asGiven, decode: toInteger }),
    reset: defineFunction('ratelimiter_reset', {
      encode: (keys: readonly string[]) => ({ keys }),
      decode: toInteger,
    }),
  },
});

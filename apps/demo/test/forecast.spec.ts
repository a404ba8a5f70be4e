import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RateLimiter } from '@redis-functions/rate-limit';
import { type RedisServer, startRedis } from '@redis-functions/testing';
import { PLAYGROUND } from '../src/limits/policies.js';
import { forecastOf } from '../web/limits/forecast.js';

const WINDOW_MS = 800;
const SHORT_MS = 20;
const LIMIT = 200;
/** A unit, as the server says whole ones, and what changes at most while an answer is under way. */
const TOLERANCE = 1 + (LIMIT * SHORT_MS) / WINDOW_MS;

describe('what a page works out between the answers of the server', () => {
  let redis: RedisServer;
  let limiter: RateLimiter;
  beforeAll(async () => {
    redis = await startRedis();
    limiter = new RateLimiter({ url: redis.url, deadlineMs: 5_000, denyCache: false });
    await limiter.ready();
  });
  afterAll(async () => {
    await limiter.close();
    await redis.stop();
  });

  const refilling = PLAYGROUND.filter(({ algorithm }) => algorithm !== 'concurrency');

  it.each(refilling)('is what the server says of a $algorithm afterwards', async ({ algorithm = 'token-bucket' }) => {
    const policies = [{ name: algorithm, algorithm, limit: LIMIT, window: WINDOW_MS }];
    const forecast = forecastOf(algorithm);
    // an answer that was long under way says what was, not what is
    const ask = async () => {
      for (;;) {
        const before = performance.now();
        const [policy] = (await limiter.peek('visitor', { policies })).policies;
        const at = performance.now();
        if (policy && at - before < SHORT_MS) return { ...policy, at };
      }
    };
    const hear = async () => {
      const state = await ask();
      forecast.hear(state, state.at);
    };
    await hear();
    for (const units of [120, 50, 20, 15]) {
      await limiter.consume('visitor', { policies, cost: units });
      await hear();
      // nothing is heard meanwhile
      const until = performance.now() + WINDOW_MS * 0.45;
      for (let state = await ask(); state.at < until; state = await ask()) {
        const inUse = state.limit - state.remaining;
        // what jumps may have done so just before, or not yet
        const likely = [-SHORT_MS, 0, SHORT_MS].map((ms) => Math.abs(forecast.usedAt(state.at + ms) - inUse));
        expect(Math.min(...likely)).toBeLessThanOrEqual(TOLERANCE);
      }
    }
    await hear();
    expect(forecast.usedAt(performance.now() + 3 * WINDOW_MS)).toBe(0);
  });
});

import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type RedisServer, startRedis } from '@redis-functions/testing';
import { createClient, type RedisClientType } from 'redis';
import type { Algorithm } from '../src/index.js';
import { METERS } from '../src/local/meters.js';
import { ALGORITHM_CODES } from '../src/policy/algorithm.js';

const ALGORITHMS: readonly Algorithm[] = ['token-bucket', 'fixed-window', 'sliding-window', 'sliding-log'];
const keysOf = (algorithm: Algorithm) => (algorithm === 'sliding-log' ? [algorithm, `${algorithm}:log`] : [algorithm]);
const STEPS = 2_000;
/** Long enough that no key expires by the real clock while the spec runs on its own. */
const HOUR_US = 3_600_000_000;

/** The library as a script whose clock is the last argument: only here, the shipped one asks the server. */
function withClockOfTest(): string {
  const code = readFileSync(new URL('../lua/ratelimiter.lua', import.meta.url), 'utf8');
  const clock = /local function read_clock\(\)\n.*?\nend\n/s;
  if (!clock.test(code)) throw new Error('the Lua has no read_clock to replace');
  const body = code.slice(code.indexOf('\n')).replace(clock, 'local function read_clock() return __now end\n');
  return (
    'local __now = tonumber(table.remove(ARGV)) local __f = {} local redis = setmetatable({ register_function = ' +
    "function(a, b) if type(a) == 'table' then __f[a.function_name] = a.callback else __f[a] = b end end }, " +
    `{ __index = redis })${body}return __f['ratelimiter_consume'](KEYS, ARGV)`
  );
}

/** The same numbers in every run: a failure can be looked at again. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

describe('the limiter in process decides as the Lua does', () => {
  let redis: RedisServer;
  let client: RedisClientType;
  beforeAll(async () => {
    redis = await startRedis();
    client = createClient({ url: redis.url }) as unknown as RedisClientType;
    await client.connect();
  });
  afterAll(async () => {
    await client.close();
    await redis.stop();
  });

  it.each(ALGORITHMS)(
    'with a %s, over random costs, gaps and changes of limit and window',
    async (algorithm: Algorithm) => {
      const below = random(42);
      const sha = await client.scriptLoad(withClockOfTest());
      const meter = new METERS[algorithm]();
      let [limit, window, now] = [7, HOUR_US, 3_000_000_000_000_000];
      let admitted = 0;
      for (let step = 0; step < STEPS; step++) {
        if (below(50) === 0) limit = 1 + below(40);
        if (below(50) === 0) window = HOUR_US * (1 + below(5)) + 1_000 * below(1_000);
        const gaps = [0, 1, below(1_000), below(window / 2), below(window / 20), window / 7, window, 2 * window];
        now += Math.floor(gaps[below(gaps.length)] ?? 0);
        const cost = 1 + below(limit);

        const arguments_ = [ALGORITHM_CODES[algorithm].code, limit, window / 1_000, cost, now].map(String);
        const reply = await client.evalSha(sha, { keys: keysOf(algorithm), arguments: arguments_ });

        meter.open(limit, window, now);
        const wait = meter.wait(cost);
        if (wait === 0) meter.take(cost, '');
        const own = [wait === 0 ? 1 : 0, wait === 0 ? 0 : 1, meter.left(), Math.ceil(wait / 1_000)];
        expect({ step, reply }).toEqual({ step, reply: [...own, Math.ceil(meter.usedFor() / 1_000)] });
        if (wait === 0) admitted += 1;
      }
      expect(admitted).toBeGreaterThan(STEPS / 10);
      expect(admitted).toBeLessThan(STEPS);
    },
  );

  it.each(ALGORITHMS)('and after exactly the wait that it named, with a %s', (algorithm) => {
    const below = random(7);
    const meter = new METERS[algorithm]();
    for (let step = 0, now = 0; step < STEPS; step++) {
      const cost = 1 + below(7);
      meter.open(7, 1_000_003, now);
      const wait = meter.wait(cost);
      if (wait > 0) {
        meter.open(7, 1_000_003, now + wait - 1);
        expect(meter.wait(cost)).toBe(1);
        meter.open(7, 1_000_003, now + wait);
        expect(meter.wait(cost)).toBe(0);
      }
      meter.take(cost, '');
      now += wait + below(200_000);
    }
  });
});

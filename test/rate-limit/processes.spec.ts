import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { RateLimiter } from '@redis-functions/rate-limit';
import { availableServers, type RedisServer, startRedis } from '@redis-functions/testing';
import { bundledProgram } from '../../tools/bundled-program.js';
import { newest } from '../topologies/servers.js';

const PROCESSES = 16;
const DURATION_MS = 1_500;
const LIMIT = 50;
const WINDOW_US = 500_000;

interface Given {
  readonly algorithm: string;
  readonly key: string;
  /** µs of the server's clock. */
  readonly at: number;
  readonly cost: number;
}

/** Units that may be given in a stretch of time, by the definition of the algorithm. */
const MOST: Readonly<Record<string, (us: number) => number>> = {
  // it counts in ms, where a unit takes whole ones
  'token-bucket': (us) => LIMIT + ((us + 1_000) * LIMIT) / WINDOW_US,
  'fixed-window': (us) => LIMIT * (Math.floor(us / WINDOW_US) + 2),
  'sliding-window': (us) => LIMIT * (Math.floor(us / WINDOW_US) + 2),
  'sliding-log': (us) => LIMIT * (Math.floor(us / WINDOW_US) + 1),
};

const program = bundledProgram(join(import.meta.dirname, 'consumer.ts'));

describe.each(newest(availableServers()))(`${PROCESSES} processes on $name`, ({ path }) => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await startRedis({ server: path });
  });
  afterAll(() => redis.stop());
  beforeEach(() => redis.command('FLUSHALL'));

  async function consumeAtOnce(algorithms: readonly string[]): Promise<Given[]> {
    const children = Array.from({ length: PROCESSES }, () =>
      fork(program(), [redis.url, String(DURATION_MS), ...algorithms]),
    );
    try {
      await Promise.all(children.map((child) => said(child)));
      for (const child of children) child.send('go');
      const results = (await Promise.all(children.map((child) => said(child)))) as {
        given: Given[];
        sources: string[];
      }[];
      expect(new Set(results.flatMap(({ sources }) => sources))).toEqual(new Set(['redis']));
      return results.flatMap(({ given }) => given);
    } finally {
      for (const child of children) child.kill('SIGKILL');
    }
  }

  it('are never given more than an algorithm allows, nor much less', async () => {
    const given = await consumeAtOnce(Object.keys(MOST));
    for (const [algorithm, most] of Object.entries(MOST)) {
      for (const key of ['key 0', 'key 1', 'key 2']) {
        const calls = given.filter((call) => call.algorithm === algorithm && call.key === key);
        calls.sort((a, b) => a.at - b.at);
        expect({ algorithm, key, tooMuch: firstExcess(calls, most) }).toEqual({ algorithm, key, tooMuch: undefined });
        const all = calls.reduce((sum, { cost }) => sum + cost, 0);
        const us = (calls.at(-1)?.at ?? 0) - (calls[0]?.at ?? 0);
        expect(us).toBeGreaterThan(WINDOW_US);
        expect(all).toBeGreaterThan(0.7 * LIMIT * (us / WINDOW_US));
      }
    }
    for (const key of (await redis.command('KEYS', '*')) as string[]) {
      expect(await redis.command('PTTL', key)).not.toBe(-1);
    }
  });

  it('are charged at most once for what a frozen server had to answer too late', async () => {
    const limiter = new RateLimiter({
      url: redis.url,
      policies: [{ name: 'slow', limit: 1_000_000, window: '1h', algorithm: 'fixed-window' }],
      onError: () => {},
    });
    await limiter.ready();
    redis.pause();
    const decisions = [];
    // some are on their way, others wait behind them, others come when it is known that nobody answers
    for (let round = 0; round < 40; round++) {
      decisions.push(...(await Promise.all(Array.from({ length: 25 }, () => limiter.consume('ada')))));
    }
    redis.resume();
    expect(decisions.every(({ allowed, source }) => allowed && source === 'local')).toBe(true);
    const deadline = performance.now() + 5_000;
    while ((await limiter.consume('other')).source !== 'redis') expect(performance.now()).toBeLessThan(deadline);
    const used = 1_000_000 - (await limiter.peek('ada')).remaining;
    // only what had been sent before it was known: the two calls that may be on their way
    expect(used).toBeLessThanOrEqual(50);
    await limiter.close();
  });
});

/** The first stretch between two calls in which more was given than may have been. */
function firstExcess(calls: readonly Given[], most: (us: number) => number): object | undefined {
  for (let first = 0; first < calls.length; first++) {
    let sum = 0;
    for (let last = first; last < calls.length; last++) {
      sum += calls[last]?.cost ?? 0;
      const us = (calls[last]?.at ?? 0) - (calls[first]?.at ?? 0);
      if (sum > most(us)) return { us, sum, most: most(us) };
    }
  }
  return undefined;
}

async function said(child: ChildProcess): Promise<unknown> {
  const ended = once(child, 'exit').then(() => Promise.reject(new Error('a process ended and said nothing')));
  ended.catch(() => {});
  const [message] = (await Promise.race([once(child, 'message'), ended])) as [unknown];
  return message;
}

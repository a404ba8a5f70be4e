import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import * as common from '@nestjs/common';
import * as core from '@nestjs/core';
import type { ThrottlerStorage } from '@nestjs/throttler';
import fc from 'fast-check';
import { createClient } from 'redis';
import request from 'supertest';
import { RedisFunctionsThrottlerStorage } from '../src/index.js';
import { LimitedApps, until } from './limited-apps.js';

// CommonJS that requires ESM, which Node can and jest cannot: it is given what was imported here
jest.mock('@nestjs/common', () => common);
jest.mock('@nestjs/core', () => core);
const { SkipThrottle, Throttle, ThrottlerGuard, ThrottlerModule, ThrottlerStorageService } = await import(
  '@nestjs/throttler'
);

const { Controller, Get } = common;
const { APP_GUARD } = core;

const apps = new LimitedApps();
beforeAll(() => apps.open());
afterEach(() => apps.closeAll());
afterAll(() => apps.stop());

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('RedisFunctionsThrottlerStorage', () => {
  let client: ReturnType<typeof createClient>;
  let storage: RedisFunctionsThrottlerStorage & ThrottlerStorage;

  beforeAll(async () => {
    client = createClient({ url: apps.redis.url });
    await client.connect();
    storage = new RedisFunctionsThrottlerStorage({ client, deadlineMs: 5_000 });
  });
  afterAll(async () => {
    await storage.onApplicationShutdown();
    await client.close();
  });

  it('counts, blocks and says for how long', async () => {
    const hit = () => storage.increment('key', 60_000, 2, 30_000, 'default');
    expect(await hit()).toEqual({ totalHits: 1, timeToExpire: 60, isBlocked: false, timeToBlockExpire: 0 });
    expect(await hit()).toMatchObject({ totalHits: 2, isBlocked: false });
    expect(await hit()).toEqual({ totalHits: 3, timeToExpire: 30, isBlocked: true, timeToBlockExpire: 30 });
    expect(await storage.increment('other', 60_000, 2, 30_000, 'default')).toMatchObject({ isBlocked: false });
  });

  it('blocks without a record where there is to be no block', async () => {
    const hit = () => storage.increment('key', 60_000, 1, 0, 'default');
    expect(await hit()).toMatchObject({ totalHits: 1, isBlocked: false });
    expect(await hit()).toMatchObject({ totalHits: 2, isBlocked: true, timeToBlockExpire: 60 });
    // raising the limit lets it through again: nothing but the count stood in the way
    expect(await storage.increment('key', 60_000, 2, 0, 'default')).toMatchObject({ totalHits: 2, isBlocked: false });
  });

  it('refuses everybody at a limit of 0', async () => {
    const zero = () => storage.increment('key', 60_000, 0, 40, 'default');
    expect(await zero()).toEqual({ totalHits: 1, timeToExpire: 60, isBlocked: true, timeToBlockExpire: 1 });
    expect(await storage.increment('key', 60_000, 9, 40, 'default')).toMatchObject({ isBlocked: true });
    await sleep(60);
    expect(await zero()).toMatchObject({ isBlocked: true });
    await sleep(60);
    expect(await storage.increment('key', 60_000, 9, 40, 'default')).toMatchObject({ totalHits: 1, isBlocked: false });
    const unrecorded = await storage.increment('none', 60_000, 0, 0, 'default');
    expect(unrecorded).toEqual({ totalHits: 1, timeToExpire: 60, isBlocked: true, timeToBlockExpire: 60 });
    expect(await storage.increment('none', 60_000, 1, 0, 'default')).toMatchObject({ totalHits: 1, isBlocked: false });
  });

  it('keeps names and keys apart', async () => {
    const pairs = [
      ['a', 'b c'],
      ['a b', 'c'],
      ['a b c', ''],
      ['', 'a b c'],
      ['a%20b', 'c'],
      ['é{}', 'c'],
      ['c', 'é{}'],
    ] as const;
    for (const [name, key] of pairs) {
      expect(await storage.increment(key, 60_000, 1, 0, name)).toMatchObject({ totalHits: 1, isBlocked: false });
    }
    expect(await apps.keys()).toHaveLength(pairs.length);
  });

  it('never prolongs a block, and ends it on time', async () => {
    const hit = () => storage.increment('key', 10, 1, 300, 'default');
    await hit();
    const began = Date.now();
    expect(await hit()).toMatchObject({ isBlocked: true });
    await until(async () => !(await hit()).isBlocked);
    const lasted = Date.now() - began;
    expect(lasted).toBeGreaterThanOrEqual(295);
    expect(lasted).toBeLessThan(3_000);
  });

  it('takes any numbers that the throttler lets through, and says no to others', async () => {
    let keys = 0;
    const hit = (ttl: number, limit: number, block: number) =>
      storage.increment(`key ${keys++}`, ttl, limit, block, 'default');
    expect(await hit(0, 1, 0)).toMatchObject({ isBlocked: false });
    expect(await hit(0.5, 1.5, 0.5)).toMatchObject({ isBlocked: false });
    expect(await hit(60_000, Number.POSITIVE_INFINITY, 1)).toMatchObject({ isBlocked: false });
    expect(await hit(Number.POSITIVE_INFINITY, 5, 1)).toMatchObject({ isBlocked: false });
    expect(await hit(60_000, -1, 0)).toMatchObject({ isBlocked: true });
    await expect(hit(60_000, Number.NaN, 0)).rejects.toThrow('limit is NaN');
    await expect(hit(Number.NaN, 1, 0)).rejects.toThrow('window is NaN');
  });

  it('refuses without Redis what is refused at any time, and counts the rest in this process', async () => {
    const away = new RedisFunctionsThrottlerStorage({ url: 'redis://127.0.0.1:1', onError: () => {}, startupMs: 0 });
    const hit = (limit: number) => away.increment('key', 60_000, limit, 60_000, 'default');
    expect(await hit(0)).toMatchObject({ isBlocked: true });
    expect(await away.increment('k', 60_000, 1, 60_000, 'default')).toMatchObject({ isBlocked: false });
    expect(await away.increment('k', 60_000, 1, 60_000, 'default')).toMatchObject({ isBlocked: true });
    await away.onApplicationShutdown();
  });

  it("admits what the throttler's own storage admits, over random traces", async () => {
    const traces = fc.sample(
      fc.record({
        ttl: fc.integer({ min: 20, max: 300 }),
        limit: fc.integer({ min: 1, max: 5 }),
        block: fc.oneof(fc.constant(0), fc.integer({ min: 20, max: 300 })),
        gaps: fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 120 })), { minLength: 20, maxLength: 40 }),
      }),
      { numRuns: 150, seed: 4 },
    );
    const theirs = new ThrottlerStorageService();
    const results = await Promise.all(traces.map((trace, index) => compare(`trace ${index}`, trace, theirs, storage)));
    theirs.onApplicationShutdown();
    expect(results.flatMap(({ differences }) => differences)).toEqual([]);
    const compared = results.reduce((sum, { compared }) => sum + compared, 0);
    const refused = results.reduce((sum, { refused }) => sum + refused, 0);
    // on a machine that stalls, traces end earlier: then nobody can say who was right
    expect(compared).toBeGreaterThan(150);
    expect(refused).toBeGreaterThan(30);
  });
});

describe('@nestjs/throttler with RedisFunctionsThrottlerStorage', () => {
  @Controller()
  class CatsController {
    @Get('cats')
    cats() {
      return 'meow';
    }

    @Get('strict')
    @Throttle({ default: { limit: 1, ttl: 60_000, blockDuration: 120_000 } })
    strict() {
      return 'hiss';
    }

    @Get('skipped')
    @SkipThrottle({ default: true, burst: true })
    skipped() {
      return 'purr';
    }
  }

  const throttlers = [
    { ttl: 60_000, limit: 3 },
    { name: 'burst', ttl: 1_000, limit: 100 },
  ];

  async function start() {
    const app = await apps.start({
      controllers: [CatsController],
      imports: [
        ThrottlerModule.forRootAsync({
          inject: [RedisFunctionsThrottlerStorage],
          useFactory: (storage: RedisFunctionsThrottlerStorage) => ({ throttlers, storage }),
        }),
      ],
      providers: [{ provide: APP_GUARD, useClass: ThrottlerGuard }],
    });
    return request(app.getHttpServer());
  }

  it('throttles all instances of an application together, beside counters of its own', async () => {
    const [one, other] = [await start(), await start()];
    const first = await one.get('/cats').expect(200);
    expect(first.headers).toMatchObject({
      'x-ratelimit-limit': '3',
      'x-ratelimit-remaining': '2',
      'x-ratelimit-reset': '60',
      'x-ratelimit-remaining-burst': '99',
    });
    await other.get('/cats').expect(200);
    await one.get('/cats').expect(200);
    const refused = await other.get('/cats').expect(429);
    expect(refused.headers['retry-after']).toBe('60');
    await one.get('/strict').expect(200);
    const blocked = await one.get('/strict').expect(429);
    expect(blocked.headers['retry-after']).toBe('120');
    for (let i = 0; i < 5; i++) await one.get('/skipped').expect(200);

    const keys = await apps.keys();
    expect(keys.length).toBeGreaterThan(0);
    for (const key of keys) {
      expect(key).toMatch(/^rl:throttler:\{(default|burst)%20/);
      expect(await apps.redis.command('PTTL', key)).toBeGreaterThan(0);
    }
  });
});

interface Trace {
  readonly ttl: number;
  readonly limit: number;
  readonly block: number;
  readonly gaps: readonly number[];
}

/** Ends a trace early where something ended so close to a request that either answer is right. */
async function compare(
  key: string,
  { ttl, limit, block, gaps }: Trace,
  theirs: ThrottlerStorage,
  ours: ThrottlerStorage,
) {
  const result = { compared: 0, refused: 0, differences: [] as string[] };
  const turns: Array<readonly [from: number, to: number]> = [];
  for (const gap of gaps) {
    await sleep(gap);
    const before = Date.now();
    const expected = await theirs.increment(key, ttl, limit, block, 'default');
    const actual = await ours.increment(key, ttl, limit, block, 'default');
    const after = Date.now();
    if (turns.some(([from, to]) => from - 2 <= after && to + 2 >= before)) break;
    result.compared++;
    if (expected.isBlocked) result.refused++;
    turns.push([before + ttl, after + ttl], [before + block, after + block]);
    const isSame =
      expected.isBlocked === actual.isBlocked && (expected.isBlocked || expected.totalHits === actual.totalHits);
    if (isSame) continue;
    const asked = JSON.stringify({ ttl, limit, block, gaps, step: result.compared });
    result.differences.push(`${asked}: ${JSON.stringify(expected)} is ${JSON.stringify(actual)}`);
    break;
  }
  return result;
}

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  availableServers,
  type RedisSentinels,
  type RedisServer,
  SlowLink,
  startRedis,
  startSentinel,
} from '@redis-functions/testing';
import { newest } from '../topologies/servers.js';
import { DEADLINE_MS, LIMIT, type LimitedApp, startExpress, startNest } from './apps.js';
import { type Answer, RequestTraffic } from './traffic.js';

/** How far beyond its deadline a decision may come. */
const SLACK_MS = 20;
const RECOVERY_MS = 1_000;
/** A node-redis client that finds no primary asks the sentinels again after so long. */
const SENTINELS_ASKED_EVERY_MS = 1_000;

const unhandled: unknown[] = [];
const noteUnhandled = (reason: unknown) => unhandled.push(reason);

const by = (source: string, count: number) => (answers: readonly Answer[]) =>
  answers.filter((answer) => answer.source === source).length >= count;

/** Every request was answered, in time, and by the limit; and nothing was thrown where nobody catches it. */
function expectAllInTime({ answers, errors }: RequestTraffic): void {
  expect(unhandled).toEqual([]);
  expect(errors).toEqual([]);
  expect(answers.filter(({ status }) => status !== 200 && status !== 429)).toEqual([]);
  const waits = answers.map(({ waitMs }) => waitMs).sort((a, b) => b - a);
  expect(waits[0]).toBeLessThan(DEADLINE_MS + SLACK_MS);
}

/** The median of decisions while the server is known not to answer. */
async function medianAloneMs({ limiter }: LimitedApp): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < 2_000; i++) {
    const began = performance.now();
    await limiter.consume(`alone ${i}`);
    times.push(performance.now() - began);
  }
  return times.sort((a, b) => a - b)[1_000] as number;
}

const isRefusedByRedis = ({ status, source }: Answer) => status === 429 && ['redis', 'deny-cache'].includes(source);

/** Redis decides again, and refuses a client that has had enough. */
async function expectRecovered(traffic: RequestTraffic, since: number, withinMs = RECOVERY_MS): Promise<void> {
  await traffic.until(by('redis', 1));
  const recoveredMs = performance.now() - since;
  // on a busy machine a decision may still be late, and be made here: what Redis grants is what counts
  const asked: Answer[] = [];
  for (let i = 0; i < 3 * LIMIT && !asked.some(isRefusedByRedis); i++) asked.push(await traffic.ask('greedy'));
  expect(asked.at(-1)).toMatchObject({ status: 429 });
  expect(by('redis', LIMIT + 2)(asked)).toBe(false);
  expect(recoveredMs).toBeLessThan(withinMs);
}

const APPS = [
  ['Express', startExpress],
  ['NestJS', startNest],
] as const;

beforeAll(() => {
  process.on('unhandledRejection', noteUnhandled);
});
afterAll(() => {
  process.off('unhandledRejection', noteUnhandled);
});

describe.each(newest(availableServers()))('behind limits on $name', ({ path }) => {
  let redis: RedisServer;
  let link: SlowLink;
  beforeAll(async () => {
    redis = await startRedis({ server: path });
    link = await SlowLink.to(redis);
  });
  afterAll(async () => {
    await link.close();
    await redis.stop();
  });

  describe.each(APPS)('an app of %s', (_, start) => {
    let app: LimitedApp;
    let traffic: RequestTraffic;
    beforeEach(async () => {
      await redis.command('FLUSHALL');
      unhandled.length = 0;
      app = await start({ url: link.url });
      traffic = new RequestTraffic(app.port);
      await traffic.until(by('redis', 50));
    });
    afterEach(async () => {
      link.delayMs = 0;
      await traffic.stop();
      await app.close();
    });

    it.each([
      ['is killed', () => redis.kill(), () => redis.restart()],
      ['is frozen', async () => redis.pause(), async () => redis.resume()],
      [
        'answers half a second late',
        async () => {
          link.delayMs = 500;
        },
        async () => {
          link.delayMs = 0;
        },
      ],
    ] as const)('answers in time when Redis %s, and is limited by it again a second after', async (_, begin, end) => {
      await begin();
      await traffic.until(by('local', 300));
      expect(await medianAloneMs(app)).toBeLessThan(0.1);
      // within one process the limit holds meanwhile
      for (let i = 0; i < LIMIT; i++) await traffic.ask('hasty');
      expect(await traffic.ask('hasty')).toMatchObject({ status: 429 });
      await end();
      await expectRecovered(traffic, performance.now());
      await traffic.stop();
      expectAllInTime(traffic);
    });

    it.each([
      ['its data', 'FLUSHALL'],
      ['its functions', 'FUNCTION FLUSH'],
    ])('goes on when Redis loses %s', async (_, command) => {
      for (let i = 0; i < 3; i++) {
        await redis.command(...(command.split(' ') as [string, ...string[]]));
        await traffic.until(by('redis', 50));
      }
      await expectRecovered(traffic, performance.now());
      await traffic.stop();
      expectAllInTime(traffic);
    });
  });

  it.each([
    ['allow', 200],
    ['deny', 503],
  ] as const)('answers what "%s" means while Redis is frozen', async (onUnavailable, status) => {
    for (const [, start] of APPS) {
      const app = await start({ url: link.url }, onUnavailable);
      const traffic = new RequestTraffic(app.port);
      await traffic.until(by('redis', 20));
      redis.pause();
      await traffic.until(by('unavailable', 20));
      for (let i = 0; i < LIMIT + 5; i++) expect(await traffic.ask('anybody')).toMatchObject({ status });
      redis.resume();
      await traffic.until(by('redis', 20));
      await traffic.stop();
      await app.close();
    }
  });
});

describe.each(newest(availableServers()))('behind limits on a primary of $name under Sentinel', ({ path }) => {
  let group: RedisSentinels;
  let app: LimitedApp;
  let traffic: RequestTraffic;
  beforeEach(async () => {
    group = await startSentinel({ server: path });
  });
  afterEach(async () => {
    await traffic.stop();
    await app.close();
    await group.stop();
  });

  it.each(APPS)('an app of %s answers in time when it is killed, and is limited by its successor', async (_, start) => {
    unhandled.length = 0;
    const nodes = group.addresses.map(({ host, port }) => `redis://${host}:${port}`);
    app = await start({ sentinel: { name: group.name, nodes } });
    traffic = new RequestTraffic(app.port);
    await traffic.until(by('redis', 50));
    await (await group.primary()).kill();
    await traffic.until(by('local', 300));
    expect(await medianAloneMs(app)).toBeLessThan(0.1);
    await group.settled();
    await expectRecovered(traffic, performance.now(), SENTINELS_ASKED_EVERY_MS + RECOVERY_MS);
    await traffic.stop();
    expectAllInTime(traffic);
  });
});

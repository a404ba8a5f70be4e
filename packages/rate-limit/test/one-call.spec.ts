import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Decision, PolicyDecision } from '../src/index.js';
import { eventually, type Limits, startLimits } from './limits.js';

describe('decisions that are asked for together', () => {
  let limits: Limits;
  beforeAll(async () => {
    limits = await startLimits();
    await limits.limiter({}).ready();
  });
  afterAll(() => limits.stop());
  beforeEach(() => limits.client.flushAll());

  const calls = async () => {
    const stats = String(await limits.client.sendCommand(['INFO', 'commandstats']));
    return Number(/cmdstat_fcall:calls=(\d+)/.exec(stats)?.[1] ?? 0);
  };

  it('go to Redis in few calls, and alike ones of one client as one question', async () => {
    const limiter = limits.limiter({ policies: [{ limit: 1_000, window: '1h' }] });
    const before = await calls();
    const decisions = await Promise.all(Array.from({ length: 1_000 }, (_, i) => limiter.consume(`client ${i % 10}`)));
    expect((await calls()) - before).toBeLessThanOrEqual(2);
    // in the order in which they were asked for, as if each had been asked alone
    for (let client = 0; client < 10; client++) {
      const remaining = decisions.filter((_, i) => i % 10 === client).map((decision) => decision.remaining);
      expect(remaining).toEqual(Array.from({ length: 100 }, (_, i) => 999 - i));
    }
    expect(new Set(decisions.map(({ id }) => id)).size).toBe(1_000);
  });

  it('goes at once where it is alone', async () => {
    const limiter = limits.limiter({});
    const before = await calls();
    for (let i = 0; i < 5; i++) await limiter.consume('ada');
    expect((await calls()) - before).toBe(5);
  });

  it('admits what deciding one by one would admit, in the order of arrival, whatever each costs', async () => {
    const costs = [3, 3, 5, 1, 5, 4, 2, 3, 1, 1, 1, 9, 2];
    const policies = [{ limit: 20, window: '1h' }];
    const limiter = limits.limiter({ policies, denyCache: false });
    const together = await Promise.all(costs.map((cost) => limiter.consume('together', { cost })));
    const alone: Decision[] = [];
    for (const cost of costs) alone.push(await limiter.consume('alone', { cost }));
    const seen = (decisions: readonly Decision[]) => decisions.map(({ allowed, remaining }) => [allowed, remaining]);
    expect(seen(together)).toEqual(seen(alone));
  });

  it('of several policies and kinds keep their answers apart', async () => {
    const limiter = limits.limiter({ policies: [{ limit: 5, window: '1h' }] });
    const [bucket, log, both, fixed] = await Promise.all([
      limiter.consume('ada'),
      limiter.consume('ada', { policies: [{ name: 'l', limit: 7, window: '1h', algorithm: 'sliding-log' }] }),
      limiter.consume('bob', {
        policies: [
          { name: 'a', limit: 3, window: '1h' },
          { name: 'b', limit: 4, window: '1h', algorithm: 'concurrency' },
        ],
      }),
      limiter.consume('ada', { policies: [{ name: 'f', limit: 9, window: '1h', algorithm: 'fixed-window' }], cost: 2 }),
    ]);
    expect([bucket.remaining, log.remaining, fixed.remaining]).toEqual([4, 6, 7]);
    expect(both.policies.map(({ remaining }) => remaining)).toEqual([2, 3]);
  });

  it('does not lose the others where one client’s key holds something else', async () => {
    const errors: Error[] = [];
    const limiter = limits.limiter({ policies: [{ limit: 5, window: '1h' }], onError: (error) => errors.push(error) });
    await limits.client.set('rl:{text}:1h:tb', 'not a bucket');
    await limits.client.hSet('rl:{hash}:1h:tb', 'field', 'value');
    const [ada, text, hash, bob] = await Promise.all(['ada', 'text', 'hash', 'bob'].map((key) => limiter.consume(key)));
    expect([ada, bob]).toMatchObject([{ source: 'redis' }, { source: 'redis' }]);
    expect([text, hash]).toMatchObject([{ source: 'local' }, { source: 'local' }]);
    expect(errors).toMatchObject([{ code: 'INVALID_STATE' }, { code: 'INVALID_STATE' }]);
    expect(await limits.client.get('rl:{text}:1h:tb')).toBe('not a bucket');
    expect(await limits.client.hGetAll('rl:{hash}:1h:tb')).toEqual({ field: 'value' });
  });

  it('charges nothing for whoever gave up before it was sent', async () => {
    const limiter = limits.limiter({ policies: [{ limit: 5, window: '1h' }] });
    const controller = new AbortController();
    const given = limiter.consume('ada', { signal: controller.signal });
    const kept = limiter.consume('ada');
    controller.abort(new Error('gone'));
    await expect(given).rejects.toThrow('gone');
    expect(await kept).toMatchObject({ remaining: 4 });
    await expect(limiter.consume('ada', { signal: controller.signal })).rejects.toThrow('gone');
    const alone = limiter.consume('bob', { signal: AbortSignal.timeout(10_000) });
    expect(await alone).toMatchObject({ remaining: 4 });
  });

  it('repeats a refusal without Redis until its time, for the same cost and the same limits only', async () => {
    const limiter = limits.limiter({ policies: [{ limit: 5, window: '1h' }] });
    await limiter.consume('ada', { cost: 3 });
    const refused = await limiter.consume('ada', { cost: 3 });
    expect(refused).toMatchObject({ allowed: false, source: 'redis' });
    const before = await calls();
    const repeated = await limiter.consume('ada', { cost: 3 });
    expect(repeated).toMatchObject({ allowed: false, source: 'deny-cache', remaining: 2, policy: '1h' });
    expect(repeated.retryAfterMs).toBeLessThanOrEqual(refused.retryAfterMs);
    expect(await calls()).toBe(before);
    expect(await limiter.consume('ada', { cost: 1 })).toMatchObject({ allowed: true, source: 'redis', remaining: 1 });
    const wider = { cost: 3, policies: [{ limit: 50, window: '1h' }] };
    expect(await limiter.consume('ada', wider)).toMatchObject({ allowed: true, source: 'redis' });
  });

  it('ends repeating a refusal when this process gives something back, and soon when another does', async () => {
    const options = { policies: [{ limit: 2, window: '1h' }] };
    const [limiter, other] = [limits.limiter(options), limits.limiter(options)];
    const exhaust = async () => {
      await limiter.reset('ada');
      const first = await limiter.consume('ada', { cost: 2 });
      await limiter.consume('ada');
      expect(await limiter.consume('ada')).toMatchObject({ allowed: false, source: 'deny-cache' });
      return first;
    };
    for (const giveBack of [
      () => limiter.reset('ada'),
      () => limiter.reward('ada'),
      () => limiter.set('ada', 1),
      async (first: Decision) => limiter.settle(first, 0),
    ]) {
      await giveBack(await exhaust());
      expect(await limiter.consume('ada')).toMatchObject({ allowed: true, source: 'redis' });
    }
    await exhaust();
    await limiter.block('ada', '1h');
    await limiter.unblock('ada');
    expect(await limiter.consume('ada')).toMatchObject({ allowed: true });
    await exhaust();
    await other.reset('ada');
    const started = performance.now();
    await eventually(
      () => limiter.consume('ada'),
      ({ allowed }) => allowed,
    );
    expect(performance.now() - started).toBeLessThan(1_500);
  });

  it('remembers no more refusals than it may', async () => {
    const limiter = limits.limiter({ policies: [{ limit: 1, window: '1h' }], denyCache: { capacity: 100 } });
    const ask = (count: number) => Promise.all(Array.from({ length: count }, (_, i) => limiter.consume(`client ${i}`)));
    await ask(500);
    await ask(500);
    const sources = (await ask(500)).map(({ source }) => source);
    expect(sources.filter((source) => source === 'deny-cache').length).toBeLessThanOrEqual(100);
    const never = limits.limiter({ policies: [{ limit: 1, window: '1h' }], denyCache: false });
    for (let i = 0; i < 3; i++) expect(await never.consume('client 1')).toMatchObject({ source: 'redis' });
  });

  it('tells of decisions, near ends and shadows, and survives a listener that throws', async () => {
    const limiter = limits.limiter({
      policies: [
        { name: 'tried', limit: 1, window: '1h', shadow: true },
        { name: 'kept', limit: 10, window: '1h' },
      ],
      nearLimit: 0.2,
    });
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const told: [event: string, ...details: unknown[]][] = [];
    limiter.on('allowed', ({ remaining }) => told.push(['allowed', remaining]));
    limiter.on('denied', ({ source }) => told.push(['denied', source]));
    limiter.on('shadow-denied', (_, { name }: PolicyDecision) => told.push(['shadow-denied', name]));
    limiter.on('near-limit', (_, { name, remaining }: PolicyDecision) => told.push(['near-limit', name, remaining]));
    await limiter.consume('ada');
    for (let i = 0; i < 8; i++) await limiter.consume('ada');
    expect(told.slice(0, 4)).toEqual([
      ['allowed', 9],
      ['near-limit', 'tried', 0],
      ['allowed', 8],
      ['shadow-denied', 'tried'],
    ]);
    expect(told.slice(-3)).toEqual([
      ['allowed', 1],
      ['shadow-denied', 'tried'],
      ['near-limit', 'kept', 1],
    ]);
    await limiter.consume('ada');
    await limiter.consume('ada');
    await limiter.consume('ada');
    expect(told.filter(([event]) => event === 'denied' || event === 'near-limit').slice(-3)).toEqual([
      ['near-limit', 'kept', 0],
      ['denied', 'redis'],
      ['denied', 'deny-cache'],
    ]);
    limiter.on('allowed', () => {
      throw new Error('a listener');
    });
    expect(await limiter.consume('bob')).toMatchObject({ allowed: true });
    expect(warn).toHaveBeenCalledWith(
      expect.stringContaining('a listener'),
      expect.objectContaining({ code: 'RATE_LIMIT_LISTENER' }),
    );
    warn.mockRestore();
  });
});

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Algorithm, Decision } from '../src/index.js';
import { CASES, eventually, type Limits, startLimits } from './limits.js';

const ALGORITHMS: readonly Algorithm[] = ['token-bucket', 'fixed-window', 'sliding-window', 'sliding-log'];

describe.each(CASES)('RateLimiter on $name as $mode', (server) => {
  let limits: Limits;
  beforeAll(async () => {
    limits = await startLimits(server);
    await limits.limiter({}).ready();
  });
  afterAll(() => limits.stop());
  beforeEach(() => limits.client.flushAll());

  describe.each(ALGORITHMS)('with a %s', (algorithm) => {
    const policy = { limit: 5, window: '1h', algorithm };

    it('lets the limit pass and then refuses, with numbers that say so', async () => {
      const limiter = limits.limiter({ policies: [policy] });
      for (const remaining of [4, 3, 2, 1, 0]) {
        expect(await limiter.consume('ada')).toMatchObject({ allowed: true, limit: 5, remaining, retryAfterMs: 0 });
      }
      const refused = await limiter.consume('ada');
      expect(refused).toMatchObject({ allowed: false, limit: 5, remaining: 0, policy: '1h', source: 'redis' });
      expect(refused.retryAfterMs).toBeGreaterThan(0);
      expect(refused.resetAfterMs).toBeGreaterThanOrEqual(refused.retryAfterMs);
      expect(refused.policies).toEqual([
        expect.objectContaining({ name: '1h', algorithm, windowMs: 3_600_000, allowed: false, remaining: 0 }),
      ]);
      expect(await limiter.consume('bob')).toMatchObject({ allowed: true, remaining: 4 });
    });

    it('charges and writes nothing for a refusal, whatever it costs', async () => {
      const limiter = limits.limiter({ policies: [policy] });
      await limiter.consume('ada', { cost: 3 });
      const before = await limits.snapshot();
      for (let i = 0; i < 5; i++) expect(await limiter.consume('ada', { cost: 3 })).toMatchObject({ allowed: false });
      expect(await limits.snapshot()).toEqual(before);
      expect(await limiter.consume('ada', { cost: 2 })).toMatchObject({ allowed: true, remaining: 0 });
    });

    it('lets 200 at once pass exactly the limit', async () => {
      const limiter = limits.limiter({ policies: [{ ...policy, limit: 50 }] });
      const decisions = await Promise.all(Array.from({ length: 200 }, () => limiter.consume('crowd')));
      expect(decisions.filter(({ allowed }) => allowed)).toHaveLength(50);
    });

    it('peeks without charging, and answers for the cost that was asked for', async () => {
      const limiter = limits.limiter({ policies: [policy] });
      await limiter.consume('ada', { cost: 3 });
      const before = await limits.snapshot();
      expect(await limiter.peek('ada', { cost: 2 })).toMatchObject({ allowed: true, remaining: 2 });
      expect(await limiter.peek('ada', { cost: 3 })).toMatchObject({ allowed: false, remaining: 2 });
      expect(await limits.snapshot()).toEqual(before);
    });

    it('gives everything back at a reset, and leaves no key without a time to live', async () => {
      const limiter = limits.limiter({ policies: [policy] });
      for (let i = 0; i < 7; i++) await limiter.consume('ada');
      for (const key of await limits.client.keys('*')) expect(await limits.client.pTTL(key)).toBeGreaterThan(0);
      await limiter.reset('ada');
      expect(await limits.client.dbSize()).toBe(0);
      expect(await limiter.consume('ada')).toMatchObject({ allowed: true, remaining: 4 });
    });

    it('keeps what is used when the limit changes', async () => {
      const limited = (limit: number) => limits.limiter({ policies: [{ ...policy, name: 'api', limit }] });
      await limited(10).consume('ada', { cost: 5 });
      // a bucket keeps its share of the time, the others keep the count
      const used = algorithm === 'token-bucket' ? 50 : 5;
      expect(await limited(100).peek('ada')).toMatchObject({ remaining: 100 - used });
      expect(await limited(5).peek('ada', { cost: 5 })).toMatchObject({ allowed: false });
    });

    it('refuses until exactly the time it said, in windows below a second', async () => {
      const limiter = limits.limiter({ policies: [{ ...policy, limit: 3, window: '150ms' }] });
      for (let round = 0; round < 3; round++) {
        const spread = round * 20;
        for (let i = 0; i < 3; i++) {
          await limiter.consume('ada');
          await new Promise((resolve) => setTimeout(resolve, spread));
        }
        const asked = performance.now();
        const { allowed, retryAfterMs } = await limiter.consume('ada', { cost: 2 });
        const answered = performance.now();
        if (allowed) continue;
        const waits: number[] = [];
        await eventually(
          async () => {
            const sent = performance.now();
            const passed = (await limiter.peek('ada', { cost: 2 })).allowed;
            if (!passed) waits.push(sent);
            return { passed, received: performance.now() };
          },
          ({ passed, received }) => {
            // the server's clock stood between `asked` and `answered`: not a ms before, not one after
            if (passed) expect(received - asked).toBeGreaterThan(retryAfterMs - 1);
            return passed;
          },
        );
        for (const sent of waits) expect(sent - answered).toBeLessThan(retryAfterMs);
      }
    });
  });

  it('decides by a token bucket of 100 that refills at 10 per second where nothing is said', async () => {
    const limiter = limits.limiter({});
    expect(await limiter.consume('ada', { cost: 100 })).toMatchObject({ allowed: true, policy: 'default', limit: 100 });
    const { allowed, retryAfterMs } = await limiter.consume('ada', { cost: 50 });
    expect(allowed).toBe(false);
    expect(retryAfterMs).toBeGreaterThan(4_000);
    expect(retryAfterMs).toBeLessThanOrEqual(5_000);
  });

  it('charges several policies together or not at all, and names the one that refuses', async () => {
    const limiter = limits.limiter({
      policies: [
        { limit: 2, window: '1m' },
        { limit: 10, window: '1h', algorithm: 'sliding-log' },
        { name: 'daily', limit: 100, window: '1d', algorithm: 'fixed-window' },
        { name: 'wide', limit: 100, window: '1d', algorithm: 'sliding-window' },
      ],
    });
    await limiter.consume('ada');
    expect(await limiter.consume('ada')).toMatchObject({ allowed: true, policy: '1m', remaining: 0 });
    const before = await limits.snapshot();
    const refused = await limiter.consume('ada');
    expect(refused).toMatchObject({ allowed: false, policy: '1m' });
    expect(refused.policies.map(({ name, allowed, remaining }) => [name, allowed, remaining])).toEqual([
      ['1m', false, 0],
      ['1h', true, 8],
      ['daily', true, 98],
      ['wide', true, 98],
    ]);
    expect(await limits.snapshot()).toEqual(before);
  });

  it('names the policy that takes longest, when several refuse', async () => {
    const policies = [
      { name: 'short', limit: 1, window: '1m' },
      { name: 'long', limit: 1, window: '1h' },
      { name: 'middle', limit: 1, window: '10m' },
    ];
    const limiter = limits.limiter({ policies });
    await limiter.consume('ada');
    const refused = await limiter.consume('ada');
    expect(refused).toMatchObject({ allowed: false, policy: 'long' });
    expect(refused.retryAfterMs).toBe(Math.max(...refused.policies.map(({ retryAfterMs }) => retryAfterMs)));
  });

  it('takes a policy’s own cost from it, and the decision’s from the others', async () => {
    const limiter = limits.limiter({
      policies: [
        { name: 'requests', limit: 10, window: '1m', cost: 1 },
        { name: 'tokens', limit: 1_000, window: '1m' },
      ],
    });
    const { policies } = await limiter.consume('ada', { cost: 400 });
    expect(policies.map(({ remaining }) => remaining)).toEqual([9, 600]);
  });

  it('decides by the policies of one call instead of its own', async () => {
    const limiter = limits.limiter({ algorithm: 'fixed-window' });
    const login = { policies: [{ name: 'login', limit: 1, window: '1m' }] };
    expect(await limiter.consume('ada', login)).toMatchObject({
      allowed: true,
      policies: [{ algorithm: 'fixed-window' }],
    });
    expect(await limiter.consume('ada', login)).toMatchObject({ allowed: false, policy: 'login' });
    expect(await limiter.consume('ada')).toMatchObject({ allowed: true, policy: 'default' });
    await limiter.reset('ada', login);
    expect(await limiter.consume('ada', login)).toMatchObject({ allowed: true });
  });

  it('begins a fixed window with its first hit, and no later hit moves it', async () => {
    const limiter = limits.limiter({ policies: [{ limit: 3, window: '1s', algorithm: 'fixed-window' }] });
    const first = await limiter.consume('ada');
    await new Promise((resolve) => setTimeout(resolve, 100));
    const second = await limiter.consume('ada');
    expect([first.resetAfterMs, second.remaining]).toEqual([1_000, 1]);
    expect(second.resetAfterMs).toBeLessThanOrEqual(901);
    const again = await eventually(
      () => limiter.peek('ada'),
      ({ remaining }) => remaining === 3,
    );
    expect(again.resetAfterMs).toBe(0);
  });

  it('counts in a sliding window what is still in view of the window before', async () => {
    const window = 400;
    const limiter = limits.limiter({ policies: [{ limit: 100, window, algorithm: 'sliding-window' }] });
    const started = performance.now();
    await limiter.consume('ada', { cost: 100 });
    const consumed = performance.now();
    const inNext = await eventually(
      async () => ({
        asked: performance.now() - consumed,
        decision: await limiter.peek('ada'),
        answered: performance.now() - started,
      }),
      ({ asked }) => asked > 1.5 * window,
    );
    // half of the next window has passed: half of the window before is in view
    const inView = (elapsed: number) => Math.min(100, ((elapsed - window) / window) * 100);
    expect(inNext.decision.remaining).toBeGreaterThanOrEqual(Math.floor(inView(inNext.asked)) - 1);
    expect(inNext.decision.remaining).toBeLessThanOrEqual(Math.ceil(inView(inNext.answered)));
  });

  it('lets units of a sliding log come back one by one, each with its own entry', async () => {
    const limiter = limits.limiter({ policies: [{ limit: 10, window: '1h', algorithm: 'sliding-log' }] });
    const retries: Decision[] = [];
    for (const cost of [1, 2, 3, 4]) {
      await limiter.consume('ada', { cost });
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
    retries.push(...(await Promise.all([1, 2, 4, 7].map((cost) => limiter.peek('ada', { cost })))));
    const waits = retries.map(({ retryAfterMs }) => retryAfterMs);
    // 1 needs the first entry to go, 2 the second as well, 4 the third, 7 the fourth
    expect(waits).toEqual([...waits].sort((a, b) => a - b));
    for (let i = 1; i < waits.length; i++) expect((waits[i] ?? 0) - (waits[i - 1] ?? 0)).toBeGreaterThan(5);
    expect(waits[0]).toBeGreaterThan(3_590_000);
    expect(waits[3]).toBe(retries[3]?.resetAfterMs);
  });

  it.each([
    'braces {a} }b{ {}',
    'a}:{b',
    'rl:{ada}:1m:tb',
    'new\nline\r\0tab\t',
    'emoji 🦊',
    'lone \ud800 surrogate',
    'lone \udc00 surrogate',
    '%7B',
    ' ',
    '2001:db8::/56',
    'x'.repeat(257),
    '🦊'.repeat(500_000),
    '{'.repeat(200),
  ])('keeps the key %# apart from every other, inside its prefix and one cluster slot', async (key) => {
    const limiter = limits.limiter({
      prefix: 'app:limits',
      policies: [
        { limit: 5, window: '1m' },
        { limit: 9, window: '1h', algorithm: 'sliding-log' },
      ],
    });
    await limiter.consume(key);
    const others = ['ada', `${key}x`, `x${key}`, key.slice(0, -1) || 'y'];
    for (const other of others) expect(await limiter.peek(other)).toMatchObject({ remaining: 5 });
    expect(await limiter.peek(key)).toMatchObject({ remaining: 4 });
    const keys = await limits.client.keys('*');
    expect(keys).toHaveLength(2);
    for (const name of keys) {
      expect(name).toMatch(/^app:limits:\{[^{}\s]{1,256}\}:(1m:tb|1h:sl:log)$/);
      expect(name.length).toBeLessThan(300);
    }
    await limiter.reset(key);
    expect(await limits.client.dbSize()).toBe(0);
  });

  it.each(['', undefined, null, 42, {}, Symbol('key')])('refuses the key %p by name', async (key) => {
    const limiter = limits.limiter({});
    for (const operation of ['consume', 'peek', 'reset'] as const) {
      await expect(limiter[operation](key as string)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', field: 'key' });
    }
  });
});

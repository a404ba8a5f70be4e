import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Algorithm, Decision, Policy } from '../src/index.js';
import { CASES, eventually, type Limits, startLimits } from './limits.js';

const COUNTING: readonly Algorithm[] = ['token-bucket', 'fixed-window', 'sliding-window', 'sliding-log'];

describe.each(CASES)('what else is done to limits on $name as $mode', (server) => {
  let limits: Limits;
  beforeAll(async () => {
    limits = await startLimits(server);
    await limits.limiter({}).ready();
  });
  afterAll(() => limits.stop());
  beforeEach(() => limits.client.flushAll());

  const limiterOf = (...policies: Policy[]) => limits.limiter({ policies });
  /** Every key belongs to the limiter and goes away by itself. */
  async function expectTimesToLive(): Promise<void> {
    for (const key of await limits.client.keys('*')) {
      expect(key).toMatch(/^rl:\{/);
      // 0 or -2: it goes away just now
      expect(await limits.client.pTTL(key)).not.toBe(-1);
    }
  }

  describe.each(COUNTING)('with a %s', (algorithm) => {
    const policy = { limit: 10, window: '1h', algorithm };

    it('settles a decision for what it really cost, once, wherever from', async () => {
      const limiter = limiterOf(policy);
      const cheap = await limiter.consume('ada', { cost: 6 });
      const elsewhere = JSON.parse(JSON.stringify(cheap)) as Decision;
      expect(await Promise.all([limiter.settle(cheap, 1), limits.limiter({}).settle(elsewhere, 1)])).toEqual(
        expect.arrayContaining([true, false]),
      );
      expect(await limiter.settle(cheap, 1)).toBe(false);
      expect(await limiter.peek('ada')).toMatchObject({ remaining: 9 });
      const dear = await limiter.consume('ada', { cost: 2 });
      expect(await limiter.settle(dear, 5)).toBe(true);
      expect(await limiter.peek('ada')).toMatchObject({ remaining: 4 });
      await expectTimesToLive();
    });

    it('gives a decision back, not what others have used, and never more than full', async () => {
      const limiter = limiterOf(policy);
      const [first] = [await limiter.consume('ada', { cost: 3 }), await limiter.consume('ada', { cost: 4 })];
      expect(await limiter.settle(first, 0)).toBe(true);
      expect(await limiter.peek('ada')).toMatchObject({ remaining: 6 });
      await limiter.reset('ada');
      const again = await limiter.consume('ada', { cost: 3 });
      await limiter.reset('ada');
      await limiter.settle(again, 0);
      expect(await limiter.peek('ada')).toMatchObject({ remaining: 10 });
    });

    it('does not give back what a window that is over has used, or time has refilled', async () => {
      const limiter = limiterOf({ ...policy, window: '60ms' });
      const old = await limiter.consume('ada', { cost: 10 });
      await eventually(
        () => limiter.peek('ada', { cost: 10 }),
        ({ allowed }) => allowed,
      );
      const { remaining } = await limiter.consume('ada', { cost: 8 });
      await limiter.settle(old, 0);
      const after = await limiter.peek('ada');
      // some time has passed meanwhile, and what it gave is all that may be there more
      const refilled = algorithm === 'token-bucket' || algorithm === 'sliding-window' ? 10 : 0;
      expect(after.remaining - remaining).toBeLessThanOrEqual(refilled);
      if (after.resetAfterMs > 0 && refilled === 0) expect(after.remaining).toBe(remaining);
    });

    it('settles nothing that was refused', async () => {
      const limiter = limiterOf(policy);
      await limiter.consume('ada', { cost: 8 });
      const refused = await limiter.consume('ada', { cost: 8 });
      expect(refused.allowed).toBe(false);
      const before = await limits.snapshot();
      expect(await limiter.settle(refused, 0)).toBe(false);
      expect(await limiter.settle(await limiter.peek('ada'), 5)).toBe(false);
      expect(await limits.snapshot()).toEqual(before);
      for (const wrong of [{}, null, { ...refused, id: 'made up' }]) {
        await expect(limiter.settle(wrong as Decision, 1)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
      }
      for (const cost of [-1, 1.5, Number.NaN]) {
        await expect(limiter.settle(refused, cost)).rejects.toMatchObject({ field: 'cost' });
      }
    });

    it('takes as a penalty what is there, and gives as a reward up to full', async () => {
      const limiter = limiterOf(policy);
      expect(await limiter.penalty('ada', 4)).toMatchObject({ allowed: true, remaining: 6 });
      expect(await limiter.penalty('ada', 40)).toMatchObject({ allowed: false, remaining: 0 });
      expect(await limiter.reward('ada', 3)).toMatchObject({ allowed: true, remaining: 3 });
      expect(await limiter.reward('ada', 30)).toMatchObject({ allowed: true, remaining: 10 });
      expect(await limiter.reward('nobody', 3)).toMatchObject({ allowed: true, remaining: 10 });
      await expectTimesToLive();
    });

    it('sets how much is used', async () => {
      const limiter = limiterOf(policy);
      expect(await limiter.set('ada', 7)).toMatchObject({ remaining: 3 });
      expect(await limiter.consume('ada', { cost: 4 })).toMatchObject({ allowed: false });
      expect(await limiter.set('ada', 2)).toMatchObject({ remaining: 8 });
      expect(await limiter.set('ada', 99)).toMatchObject({ remaining: 0 });
      expect(await limiter.set('ada', 0)).toMatchObject({ remaining: 10 });
      await expectTimesToLive();
    });

    it('blocks a key for as long as it is told, and not longer for those who go on asking', async () => {
      const limiter = limits.limiter({ policies: [policy], denyCache: false });
      await limiter.consume('ada', { cost: 10 });
      await limiter.block('ada', '150ms');
      const blocked = performance.now();
      const waits: number[] = [];
      await eventually(
        async () => {
          const asked = performance.now();
          const decision = await limiter.consume('ada');
          if (!decision.allowed) {
            waits.push(asked - blocked);
            expect(decision).toMatchObject({ remaining: 0, policies: [{ blocked: true, allowed: false }] });
            expect(decision.retryAfterMs).toBeLessThanOrEqual(150);
            expect(decision.resetAfterMs).toBe(decision.retryAfterMs);
          }
          return decision;
        },
        // and it starts afresh
        ({ allowed, remaining }) => allowed && remaining === 9,
      );
      expect(Math.max(...waits)).toBeLessThan(151);
      await expectTimesToLive();
    });

    it('unblocks, and resets what is blocked', async () => {
      const limiter = limiterOf(policy);
      await limiter.block('ada', '1h');
      expect(await limiter.consume('ada')).toMatchObject({ allowed: false });
      await limiter.unblock('ada');
      expect(await limiter.consume('ada')).toMatchObject({ allowed: true, remaining: 9 });
      await limiter.unblock('ada');
      expect(await limiter.peek('ada')).toMatchObject({ remaining: 9 });
      await limiter.block('ada', '1h');
      await limiter.reset('ada');
      expect(await limiter.consume('ada')).toMatchObject({ allowed: true, remaining: 9 });
      expect(await limiter.penalty('ada', 1)).toMatchObject({ remaining: 8 });
      await limiter.block('ada', '1h');
      // neither changes a block
      expect(await limiter.reward('ada', 5)).toMatchObject({ allowed: false, policies: [{ blocked: true }] });
      expect(await limiter.penalty('ada', 5)).toMatchObject({ allowed: false, policies: [{ blocked: true }] });
    });

    it('blocks whom it refuses, each time for longer, and forgets that after a while', async () => {
      const block = { duration: '20ms', factor: 3, max: '100ms', forgetAfter: '150ms' };
      const limiter = limits.limiter({ policies: [{ ...policy, limit: 2, block }], denyCache: false });
      const nextBlock = async () => {
        await eventually(
          () => limiter.peek('ada'),
          ({ allowed }) => allowed,
        );
        const last = await eventually(
          () => limiter.consume('ada'),
          ({ allowed }) => !allowed,
        );
        expect(last.policies[0]).toMatchObject({ blocked: true, remaining: 0 });
        await expectTimesToLive();
        return last.retryAfterMs;
      };
      expect([await nextBlock(), await nextBlock(), await nextBlock()]).toEqual([20, 60, 100]);
      await eventually(
        () => limits.client.dbSize(),
        (size) => size === 0,
      );
      expect(await nextBlock()).toBe(20);
    });

    it('counts in the shadow, reports, and never refuses', async () => {
      const limiter = limiterOf(
        { ...policy, name: 'tried', limit: 2, shadow: true },
        { ...policy, name: 'kept', limit: 5 },
      );
      const decisions: Decision[] = [];
      for (let i = 0; i < 6; i++) decisions.push(await limiter.consume('ada'));
      expect(decisions.map(({ allowed }) => allowed)).toEqual([true, true, true, true, true, false]);
      expect(decisions.map(({ policies }) => policies[0]?.allowed)).toEqual([true, true, false, false, false, false]);
      expect(decisions.map(({ policies }) => policies[0]?.remaining)).toEqual([1, 0, 0, 0, 0, 0]);
      expect(decisions[3]).toMatchObject({ policy: 'kept', retryAfterMs: 0, remaining: 1 });
      expect(decisions[5]).toMatchObject({ policy: 'kept' });
      // and lets pass what it could never hold
      const much = await limiter.consume('eve', { cost: 5 });
      expect(much).toMatchObject({ allowed: true, policy: 'kept', remaining: 0 });
      expect(much.policies[0]).toMatchObject({ allowed: false, remaining: 2 });
      const together = await Promise.all(Array.from({ length: 8 }, () => limiter.consume('bob')));
      expect(together.filter(({ allowed }) => allowed)).toHaveLength(5);
      expect(together.filter(({ policies }) => policies[0]?.allowed)).toHaveLength(2);
    });
  });

  it('keeps what a policy costs by itself when a decision is settled, and gives that back with everything', async () => {
    const limiter = limiterOf(
      { name: 'requests', limit: 10, window: '1h', cost: 1 },
      { name: 'tokens', limit: 1_000, window: '1h' },
    );
    const left = async () => (await limiter.peek('ada')).policies.map(({ remaining }) => remaining);
    const decision = await limiter.consume('ada', { cost: 100 });
    await limiter.settle(decision, 350);
    expect(await left()).toEqual([9, 650]);
    await limiter.settle(await limiter.consume('ada', { cost: 100 }), 0);
    expect(await left()).toEqual([9, 650]);
  });

  it('begins aligned windows at whole multiples of their length, for everybody', async () => {
    const limiter = limiterOf({ limit: 3, window: '1h', algorithm: 'fixed-window', aligned: true });
    const [ada, bob] = await Promise.all([limiter.consume('ada'), limiter.consume('bob')]);
    const [seconds = 0, micros = 0] = ((await limits.client.sendCommand(['TIME'])) as string[]).map(Number);
    const now = seconds * 1_000 + micros / 1_000;
    const end = Math.ceil(now / 3_600_000) * 3_600_000;
    for (const { resetAfterMs } of [ada, bob]) expect(Math.abs(now + resetAfterMs - end)).toBeLessThan(2_000);
    for (let i = 0; i < 3; i++) await limiter.consume('ada');
    expect(await limiter.consume('ada')).toMatchObject({ allowed: false });
  });

  describe('with a limit of concurrency', () => {
    const policy: Policy = { limit: 3, window: '1h', algorithm: 'concurrency' };

    it('lets so many pass at once, and others when they are released', async () => {
      const limiter = limiterOf(policy);
      const decisions = await Promise.all(Array.from({ length: 10 }, () => limiter.consume('ada')));
      const running = decisions.filter(({ allowed }) => allowed);
      expect(running).toHaveLength(3);
      expect(running.map(({ remaining }) => remaining).sort()).toEqual([0, 1, 2]);
      const [first, second] = running as [Decision, Decision];
      await limiter.release(first);
      await limiter.release(first);
      await limiter.release(JSON.parse(JSON.stringify(second)));
      const after = await Promise.all(Array.from({ length: 5 }, () => limiter.consume('ada')));
      expect(after.filter(({ allowed }) => allowed)).toHaveLength(2);
      await expectTimesToLive();
    });

    it('takes back the lease of whoever never released it', async () => {
      const limiter = limiterOf({ ...policy, window: '100ms' });
      const [started] = [performance.now(), await limiter.consume('ada', { cost: 3 })];
      const refused = await limiter.consume('ada');
      expect(refused).toMatchObject({ allowed: false, remaining: 0 });
      expect(refused.retryAfterMs).toBeLessThanOrEqual(100);
      await eventually(
        () => limiter.consume('ada'),
        ({ allowed }) => allowed,
      );
      expect(performance.now() - started).toBeGreaterThanOrEqual(99);
    });

    it('weighs what passes, and frees all of its weight', async () => {
      const limiter = limiterOf(policy);
      const heavy = await limiter.consume('ada', { cost: 2 });
      expect(await limiter.consume('ada', { cost: 2 })).toMatchObject({ allowed: false, remaining: 1 });
      await limiter.release(heavy);
      expect(await limiter.consume('ada', { cost: 3 })).toMatchObject({ allowed: true, remaining: 0 });
    });

    it('goes together with other policies, all or nothing', async () => {
      const limiter = limiterOf(policy, { name: 'hourly', limit: 100, window: '1h' });
      const running = await Promise.all([1, 2, 3].map(() => limiter.consume('ada')));
      expect(await limiter.consume('ada')).toMatchObject({ allowed: false, policies: [{}, { remaining: 97 }] });
      await Promise.all(running.map((decision) => limiter.release(decision)));
      expect((await limiter.peek('ada')).policies.map(({ remaining }) => remaining)).toEqual([3, 97]);
    });

    it('keeps leases over a block, and ends them with a reset', async () => {
      const limiter = limiterOf(policy);
      await limiter.consume('ada', { cost: 2 });
      await limiter.block('ada', '1h');
      expect(await limiter.consume('ada')).toMatchObject({ allowed: false, policies: [{ blocked: true }] });
      await limiter.unblock('ada');
      expect(await limiter.peek('ada')).toMatchObject({ remaining: 1 });
      await limiter.reset('ada');
      expect(await limiter.peek('ada')).toMatchObject({ remaining: 3 });
      expect(await limits.client.dbSize()).toBe(0);
    });
  });
});

import { describe, expect, it } from '@jest/globals';
import { RedisFunctions } from '@redis-functions/core';
import { type Policy, RateLimiter, type RateLimiterOptions, resolvePolicies } from '../src/index.js';

const policy: Policy = { limit: 5, window: '1m' };
const url = 'redis://127.0.0.1:1';

describe('a policy', () => {
  it.each([
    [250, 250, '250ms'],
    ['250ms', 250, '250ms'],
    ['10s', 10_000, '10s'],
    ['60s', 60_000, '1m'],
    ['90s', 90_000, '90s'],
    ['1h', 3_600_000, '1h'],
    ['24h', 86_400_000, '1d'],
    [1_500, 1_500, '1500ms'],
  ])('with the window %p lasts %i ms and is called %s', (window, ms, name) => {
    expect(resolvePolicies([{ limit: 5, window }])).toEqual([
      {
        name,
        limit: 5,
        window: ms,
        algorithm: 'token-bucket',
        cost: undefined,
        aligned: false,
        shadow: false,
        block: undefined,
      },
    ]);
  });

  it.each<[string, object]>([
    ['limit', { limit: 0 }],
    ['limit', { limit: -1 }],
    ['limit', { limit: 1.5 }],
    ['limit', { limit: Number.NaN }],
    ['limit', { limit: Number.POSITIVE_INFINITY }],
    ['limit', { limit: 2 ** 53 }],
    ['limit', { limit: '5' }],
    ['limit', { limit: null }],
    ['window', { window: '0s' }],
    ['window', { window: 'soon' }],
    ['window', { window: '' }],
    ['window', { window: '1.5s' }],
    ['window', { window: '-1s' }],
    ['window', { window: '1 m' }],
    ['window', { window: '1M' }],
    ['window', { window: '1w' }],
    ['window', { window: '1_000' }],
    ['window', { window: `${'9'.repeat(15)}d` }],
    ['window', { window: 0 }],
    ['window', { window: 0.5 }],
    ['window', { window: Number.NaN }],
    ['window', { window: undefined }],
    ['window', { window: {} }],
    ['algorithm', { algorithm: 'leaky-bucket' }],
    ['algorithm', { algorithm: 'constructor' }],
    ['cost', { cost: 0 }],
    ['cost', { cost: 1.5 }],
    ['name', { name: '' }],
    ['name', { name: 'a}b' }],
    ['name', { name: 'log in' }],
    ['name', { name: 'x'.repeat(65) }],
    ['name', { name: 5 }],
  ])('is refused by the name of its %s for %p', (field, wrong) => {
    const policies = [policy, { name: 'second', ...policy, ...wrong } as Policy];
    expect(() => resolvePolicies(policies)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', field: `policies[1].${field}` }),
    );
    expect(() => new RateLimiter({ url, policies })).toThrow(`policies[1].${field}`);
  });

  it.each([[[]], [null], [{}], ['1m'], [[null]], [['1m']]])('list is refused for %p', (policies) => {
    expect(() => resolvePolicies(policies as never)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });

  it('is refused when it shares its counter with another of the list', () => {
    expect(() => resolvePolicies([policy, { limit: 9, window: 60_000 }])).toThrow('called "1m"');
    expect(resolvePolicies([policy, { ...policy, name: 'other' }])).toHaveLength(2);
  });

  it('is refused for a cost that it could never let pass', () => {
    expect(() => resolvePolicies([{ ...policy, cost: 6 }])).toThrow(
      expect.objectContaining({
        code: 'COST_ABOVE_CAPACITY',
        cost: 6,
        limit: 5,
        policy: '1m',
        field: 'policies[0].cost',
      }),
    );
  });

  it('that was checked cannot change any more', () => {
    const mine = [{ ...policy }];
    const resolved = resolvePolicies(mine);
    (mine[0] as Policy).limit = 9;
    expect(resolved[0]?.limit).toBe(5);
    expect(() => ((resolved[0] as { limit: number }).limit = 9)).toThrow(TypeError);
    expect(resolvePolicies(resolved)).toBe(resolved);
  });
});

describe('a RateLimiter', () => {
  it.each<[string, RateLimiterOptions]>([
    ['client', {}],
    ['client', { url, functions: new RedisFunctions({ url }) }],
    ['url', { url: 'localhost' }],
    ['url', { url: 'http://localhost' }],
    ['client', { client: {} as never }],
    ['prefix', { url, prefix: '' }],
    ['prefix', { url, prefix: '{x}' }],
    ['prefix', { url, prefix: 'x y' }],
    ['deadlineMs', { url, deadlineMs: -1 }],
    ['deadlineMs', { url, deadlineMs: Number.NaN }],
    ['deadlineMs', { url, deadlineMs: 2 ** 31 }],
    ['startupMs', { url, startupMs: Number.POSITIVE_INFINITY }],
    ['localCapacity', { url, localCapacity: 0 }],
    ['onUnavailable', { url, onUnavailable: 'fail' as never }],
    ['algorithm', { url, algorithm: 'gcra' as never }],
  ])('is refused by the name of %s for %p', (field, options) => {
    expect(() => new RateLimiter(options)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT', field }));
  });

  it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '1', null])(
    'refuses the cost %p by name',
    async (cost) => {
      const limiter = new RateLimiter({ url });
      await expect(limiter.consume('ada', { cost: cost as number })).rejects.toMatchObject({ field: 'cost' });
      await limiter.close();
    },
  );

  it('refuses a cost above the limit at once, with its own code', async () => {
    const limiter = new RateLimiter({ url, policies: [policy, { limit: 9, window: '1h' }] });
    await expect(limiter.consume('ada', { cost: 6 })).rejects.toMatchObject({
      code: 'COST_ABOVE_CAPACITY',
      policy: '1m',
      message: expect.stringMatching(/\.$/),
    });
    await limiter.close();
  });
});

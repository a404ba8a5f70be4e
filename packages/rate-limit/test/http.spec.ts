import { describe, expect, it } from '@jest/globals';
import {
  clientAddress,
  type Decision,
  type PolicyDecision,
  rateLimitHeaders,
  rateLimitProblem,
  refusalSentence,
  retryAfterSeconds,
} from '../src/index.js';

const burst: PolicyDecision = {
  name: 'burst',
  limit: 20,
  windowMs: 1_000,
  algorithm: 'token-bucket',
  cost: 1,
  fixedCost: false,
  shadow: false,
  blocked: false,
  allowed: true,
  remaining: 19,
  retryAfterMs: 0,
  resetAfterMs: 50,
};
const daily: PolicyDecision = {
  ...burst,
  name: 'daily',
  limit: 1_000,
  windowMs: 86_400_000,
  remaining: 7,
  resetAfterMs: 80_000_000,
};
const spent: PolicyDecision = { ...burst, allowed: false, remaining: 0, retryAfterMs: 1_001, resetAfterMs: 9_000 };
const uploads: PolicyDecision = {
  ...burst,
  name: 'uploads',
  limit: 5,
  windowMs: 60_000,
  algorithm: 'concurrency',
  remaining: 4,
  resetAfterMs: 60_000,
};

function decision(...policies: PolicyDecision[]): Decision {
  const refusing = policies.find(({ allowed, shadow }) => !allowed && !shadow);
  const { name, limit, remaining, resetAfterMs } = refusing ?? (policies[0] as PolicyDecision);
  return {
    id: 'one',
    key: '203.0.113.7',
    policy: name,
    limit,
    remaining,
    retryAfterMs: refusing?.retryAfterMs ?? 0,
    resetAfterMs,
    allowed: refusing === undefined,
    source: 'redis',
    policies,
  };
}

describe('the header fields of a response', () => {
  it('list every policy, as the current draft writes them', () => {
    expect(rateLimitHeaders([decision(burst, daily)])).toEqual([
      ['RateLimit-Policy', '"burst";q=20;w=1, "daily";q=1000;w=86400'],
      ['RateLimit', '"burst";r=19;t=1, "daily";r=7;t=80000'],
    ]);
    expect(rateLimitHeaders([decision(burst)], { standard: 'draft-8' })).toEqual(rateLimitHeaders([decision(burst)]));
  });

  it('list the decisions of several limiters together', () => {
    expect(rateLimitHeaders([decision(daily), decision(spent)])).toEqual([
      ['RateLimit-Policy', '"daily";q=1000;w=86400, "burst";q=20;w=1'],
      ['RateLimit', '"daily";r=7;t=80000, "burst";r=0;t=2'],
      ['Retry-After', '2'],
    ]);
  });

  it('tell of the policy that matters most where the format has room for one', () => {
    expect(rateLimitHeaders([decision(burst, daily)], { standard: 'draft-7' })).toEqual([
      ['RateLimit-Policy', '20;w=1, 1000;w=86400'],
      ['RateLimit', 'limit=1000, remaining=7, reset=80000'],
    ]);
    expect(rateLimitHeaders([decision(daily, spent)], { standard: 'draft-6' })).toEqual([
      ['RateLimit-Policy', '1000;w=86400, 20;w=1'],
      ['RateLimit-Limit', '20'],
      ['RateLimit-Remaining', '0'],
      ['RateLimit-Reset', '2'],
      ['Retry-After', '2'],
    ]);
  });

  it('have the older ones on demand, with the time of day', () => {
    const before = Math.ceil((Date.now() + 80_000_000) / 1_000);
    const [limit, remaining, reset] = rateLimitHeaders([decision(daily)], { standard: false, legacy: true });
    expect([limit, remaining]).toEqual([
      ['X-RateLimit-Limit', '1000'],
      ['X-RateLimit-Remaining', '7'],
    ]);
    expect(reset?.[0]).toBe('X-RateLimit-Reset');
    expect(Number(reset?.[1])).toBeGreaterThanOrEqual(before);
    expect(Number(reset?.[1])).toBeLessThanOrEqual(before + 1);
  });

  it('never name an earlier moment than the wait, nor 0 seconds, nor a wait that does not help', () => {
    for (const [ms, seconds] of [
      [1, 1],
      [999, 1],
      [1_000, 1],
      [1_001, 2],
    ] as const) {
      const refused = { ...decision(spent), retryAfterMs: ms };
      expect(retryAfterSeconds(refused)).toBe(seconds);
      expect(rateLimitHeaders([refused])).toContainEqual(['Retry-After', String(seconds)]);
    }
    expect(retryAfterSeconds(decision(burst))).toBe(0);
    // a cost above the limit: no wait helps
    expect(rateLimitHeaders([{ ...decision(burst), allowed: false }], { standard: false })).toEqual([]);
  });

  it('say "at once" of leases, which have no window, where the draft has a word for it', () => {
    const leases = decision(burst, uploads);
    expect(rateLimitHeaders([leases])).toEqual([
      ['RateLimit-Policy', '"burst";q=20;w=1, "uploads";q=5;qu="concurrent-requests"'],
      ['RateLimit', '"burst";r=19;t=1, "uploads";r=4'],
    ]);
    expect(rateLimitHeaders([leases], { standard: 'draft-7' })).toEqual([
      ['RateLimit-Policy', '20;w=1'],
      ['RateLimit', 'limit=5, remaining=4, reset=60'],
    ]);
    expect(rateLimitHeaders([decision(uploads)], { standard: 'draft-6' }).map(([name]) => name)).toEqual([
      'RateLimit-Limit',
      'RateLimit-Remaining',
      'RateLimit-Reset',
    ]);
    const full = { ...uploads, allowed: false, remaining: 0, retryAfterMs: 12_345 };
    expect(rateLimitHeaders([decision(full)])).toEqual([
      ['RateLimit-Policy', '"uploads";q=5;qu="concurrent-requests"'],
      ['RateLimit', '"uploads";r=0'],
      // a lease may end at any moment, and this is the longest that it can take
      ['Retry-After', '1'],
    ]);
  });

  it('never tell of a shadow policy, whatever it says', () => {
    const shadow = { ...spent, name: 'trial', shadow: true };
    for (const standard of ['draft-6', 'draft-7', 'draft-8', 'draft-11'] as const) {
      const options = { standard, legacy: true };
      const [withShadow, without] = [decision(burst, shadow), decision(burst)].map((one) =>
        rateLimitHeaders([one], options),
      );
      expect(withShadow).toEqual(without);
      expect(rateLimitHeaders([decision(shadow)], options)).toEqual([]);
    }
  });

  it('tell partitions apart by a short hash of the key, on demand', () => {
    const [ada, bob] = ['ada', 'bob'].map((key) =>
      rateLimitHeaders([{ ...decision(burst), key }], { partitionKey: true }),
    );
    expect(ada).toEqual([
      ['RateLimit-Policy', '"burst";q=20;w=1;pk=:/e5DDUC9:'],
      ['RateLimit', '"burst";r=19;t=1;pk=:/e5DDUC9:'],
    ]);
    expect(bob).not.toEqual(ada);
    expect(rateLimitHeaders([decision(burst)], { partitionKey: true, standard: 'draft-7' })).toEqual(
      rateLimitHeaders([decision(burst)], { standard: 'draft-7' }),
    );
  });

  it('stay within the grammar whatever a policy is called and however large it is', () => {
    const odd = { ...burst, name: 'a "b" \\ \r\n\u00e9', limit: 2 ** 53 - 1, remaining: 2 ** 53 - 1, windowMs: 250 };
    expect(rateLimitHeaders([decision(odd)])).toEqual([
      ['RateLimit-Policy', '"a \\"b\\" \\\\ ???";q=999999999999999;w=1'],
      ['RateLimit', '"a \\"b\\" \\\\ ???";r=999999999999999;t=1'],
    ]);
  });

  it('say nothing about limits that nobody has checked, but do say when to come back', () => {
    const undecided: Decision = { ...decision(spent), source: 'unavailable' };
    expect(rateLimitHeaders([undecided], { legacy: true })).toEqual([['Retry-After', '2']]);
    expect(rateLimitHeaders([{ ...undecided, allowed: true }])).toEqual([]);
    expect(rateLimitHeaders([])).toEqual([]);
  });
});

describe('a refusal', () => {
  it('says in words how long to wait', () => {
    expect(refusalSentence(decision(spent))).toBe('Too many requests. Try again in 2 seconds.');
    expect(refusalSentence(decision({ ...spent, retryAfterMs: 1 }))).toBe('Too many requests. Try again in 1 second.');
    expect(refusalSentence({ ...decision(burst), allowed: false })).toBe(
      'This request asks for more than the limit of 20 ever allows.',
    );
  });

  it('is a problem of the draft, with the policies that refused', () => {
    expect(rateLimitProblem(decision(spent, daily, { ...spent, name: 'trial', shadow: true }))).toEqual({
      type: 'https://iana.org/assignments/http-problem-types#quota-exceeded',
      title: 'Quota exceeded',
      status: 429,
      detail: 'Too many requests. Try again in 2 seconds.',
      'violated-policies': ['burst'],
    });
    expect(rateLimitProblem({ ...decision(burst, daily), allowed: false }, 413)).toMatchObject({
      status: 413,
      'violated-policies': ['burst'],
    });
  });

  it('is another problem where nobody could be asked', () => {
    expect(rateLimitProblem({ ...decision(spent), source: 'unavailable' })).toEqual({
      type: 'https://iana.org/assignments/http-problem-types#temporary-reduced-capacity',
      title: 'Temporarily less capacity',
      status: 503,
      detail: 'Requests cannot be checked at the moment. Try again in 2 seconds.',
      'violated-policies': [],
    });
  });
});

describe('the address of a client', () => {
  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['203.0.113.7:5678', '203.0.113.7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['::FFFF:cb00:7107', '203.0.113.7'],
    ['[::ffff:203.0.113.7]:443', '203.0.113.7'],
    ['2001:db8:12:3456:789a:bcde:f012:3456', '2001:db8:12:3400::/56'],
    ['2001:0DB8:0012:34ff::1', '2001:db8:12:3400::/56'],
    ['[2001:db8:12:34ff::1]:8080', '2001:db8:12:3400::/56'],
    ['fe80::1%eth0', 'fe80:0:0:0::/56'],
    ['::1', '0:0:0:0::/56'],
    ['64:ff9b::192.0.2.33', '64:ff9b:0:0::/56'],
  ])('%s is %s', (text, expected) => {
    expect(clientAddress(text)).toBe(expected);
  });

  it.each([
    [32, '2001:db8::/32'],
    [48, '2001:db8:12::/48'],
    [52, '2001:db8:12:3000::/52'],
    [64, '2001:db8:12:3456::/64'],
    [false, '2001:db8:12:3456:0:0:0:1'],
  ] as const)('folds IPv6 to %p bits as %s', (bits, expected) => {
    expect(clientAddress('2001:db8:12:3456::1', bits)).toBe(expected);
  });

  it.each([
    '',
    'unknown',
    'localhost',
    '1.2.3',
    '256.1.1.1',
    '1.2.3.4.5',
    ':::',
    '2001:db8::1::2',
    '<script>',
    '1.2.3.4\n',
    '[::1',
    '\u0661.2.3.4',
  ])('%j is none', (text) => {
    expect(clientAddress(text)).toBeUndefined();
  });
});

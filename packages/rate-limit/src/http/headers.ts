import type { Decision, PolicyDecision } from '../decision.js';

/**
 * Which draft of the IETF's RateLimit header fields. `draft-8` to `draft-11` look the same on the wire and list every
 * policy; `draft-6` and `draft-7` have room for one policy's numbers, the one that matters most.
 */
export type HeaderFormat = 'draft-6' | 'draft-7' | 'draft-8' | 'draft-11';

export interface HeaderOptions {
  /** False for none. Default: `draft-11`. */
  standard?: HeaderFormat | false;
  /** Adds `X-RateLimit-Limit`, `-Remaining` and `-Reset` (seconds since 1970). Default: false. */
  legacy?: boolean;
}

export type HeaderField = readonly [name: string, value: string];

/**
 * The header fields of a response, after all decisions that were made about its request.
 *
 * `Retry-After` is there when one of them refused, and is never earlier than the wait. Decisions that nobody made (Redis
 * away, `onUnavailable` allow or deny) have no numbers to tell.
 */
export function rateLimitHeaders(decisions: readonly Decision[], options: HeaderOptions = {}): HeaderField[] {
  const { standard = 'draft-11', legacy = false } = options;
  const policies = decisions.filter(({ source }) => source !== 'unavailable').flatMap((decision) => decision.policies);
  const fields: HeaderField[] = [];
  if (policies.length > 0) {
    if (standard) fields.push(...FORMATS[standard](policies));
    if (legacy) fields.push(...legacyFields(mostRelevant(policies)));
  }
  const wait = Math.max(0, ...decisions.map(retryAfterSeconds));
  if (wait > 0) fields.push(['Retry-After', String(wait)]);
  return fields;
}

/** Whole seconds for `Retry-After`: never earlier than the wait; 0 where there is none, or where no wait would help. */
export function retryAfterSeconds({ allowed, retryAfterMs }: Decision): number {
  return allowed ? 0 : toSeconds(retryAfterMs);
}

const FORMATS: Readonly<Record<HeaderFormat, (policies: readonly PolicyDecision[]) => HeaderField[]>> = {
  'draft-6': (policies) => {
    const { limit, remaining, reset } = numbers(mostRelevant(policies));
    return [
      ['RateLimit-Policy', policies.map(quota).join(', ')],
      ['RateLimit-Limit', String(limit)],
      ['RateLimit-Remaining', String(remaining)],
      ['RateLimit-Reset', String(reset)],
    ];
  },
  'draft-7': (policies) => {
    const { limit, remaining, reset } = numbers(mostRelevant(policies));
    return [
      ['RateLimit-Policy', policies.map(quota).join(', ')],
      ['RateLimit', `limit=${limit}, remaining=${remaining}, reset=${reset}`],
    ];
  },
  'draft-8': listed,
  'draft-11': listed,
};

function listed(policies: readonly PolicyDecision[]): HeaderField[] {
  const policyItems = policies.map((policy) => {
    const { name, limit, windowSeconds } = numbers(policy);
    return `${name};q=${limit};w=${windowSeconds}`;
  });
  const limitItems = policies.map((policy) => {
    const { name, remaining, reset } = numbers(policy);
    return `${name};r=${remaining};t=${reset}`;
  });
  return [
    ['RateLimit-Policy', policyItems.join(', ')],
    ['RateLimit', limitItems.join(', ')],
  ];
}

function legacyFields(policy: PolicyDecision): HeaderField[] {
  const { limit, remaining } = numbers(policy);
  return [
    ['X-RateLimit-Limit', String(limit)],
    ['X-RateLimit-Remaining', String(remaining)],
    ['X-RateLimit-Reset', String(Math.ceil((Date.now() + effectiveWindowMs(policy)) / 1_000))],
  ];
}

function quota(policy: PolicyDecision): string {
  const { limit, windowSeconds } = numbers(policy);
  return `${limit};w=${windowSeconds}`;
}

function numbers(policy: PolicyDecision) {
  return {
    name: toStructuredString(policy.name),
    limit: toStructuredInteger(policy.limit),
    remaining: toStructuredInteger(policy.remaining),
    reset: toSeconds(effectiveWindowMs(policy)),
    // a window is at least a second long on the wire: 0 is not allowed there
    windowSeconds: toSeconds(policy.windowMs),
  };
}

/** How long `remaining` has to last: until more can pass where it was refused, else until everything is free again. */
function effectiveWindowMs({ allowed, retryAfterMs, resetAfterMs }: PolicyDecision): number {
  return allowed ? resetAfterMs : retryAfterMs;
}

/** One that refuses (the longest to wait for), else the one with the least left. */
function mostRelevant(policies: readonly PolicyDecision[]): PolicyDecision {
  return policies.reduce((chosen, policy) => {
    if (policy.retryAfterMs !== chosen.retryAfterMs) return policy.retryAfterMs > chosen.retryAfterMs ? policy : chosen;
    return policy.remaining < chosen.remaining ? policy : chosen;
  });
}

function toSeconds(ms: number): number {
  return Math.ceil(ms / 1_000);
}

/** RFC 9651 integers have 15 digits. */
function toStructuredInteger(value: number): number {
  return Math.min(value, 999_999_999_999_999);
}

/** RFC 9651 strings are printable ASCII; everything else would be refused by Node, or by the client. */
function toStructuredString(text: string): string {
  const printable = text.replace(/[^\x20-\x7e]/g, '?');
  return `"${printable.replace(/[\\"]/g, '\\$&')}"`;
}

import type { Charge } from './library.js';
import type { Algorithm } from './policy/algorithm.js';
import type { PolicyState, Verdict } from './verdict.js';

/** What one policy says. */
export interface PolicyDecision extends PolicyState {
  readonly name: string;
  readonly limit: number;
  readonly windowMs: number;
  readonly algorithm: Algorithm;
  /** False where this policy refuses. A decision is allowed when all of its policies say true. */
  readonly allowed: boolean;
  /** Units left after this decision. */
  readonly remaining: number;
  /** Milliseconds until the same cost could pass; 0 where it passed. */
  readonly retryAfterMs: number;
  /** Milliseconds until nothing of the limit is used, if nothing more is asked for. */
  readonly resetAfterMs: number;
}

/**
 * Who decided: `redis`; `local`, the limiter in this process, while Redis was unavailable; or `unavailable`, nobody:
 * `onUnavailable` said allow or deny, and the numbers say what the limits are, not what is used of them.
 */
export type DecisionSource = 'redis' | 'local' | 'unavailable';

/** The answer to "may this pass?". The numbers at the top are those of the policy that matters most. */
export interface Decision {
  readonly allowed: boolean;
  /** Of the policy that refuses (of several, the one to wait for longest); if all agree, of the one with the least left. */
  readonly policy: string;
  readonly limit: number;
  readonly remaining: number;
  /** Milliseconds until the same cost could pass every policy; 0 where it passed. */
  readonly retryAfterMs: number;
  /** Milliseconds until nothing of that policy's limit is used, if nothing more is asked for. */
  readonly resetAfterMs: number;
  readonly source: DecisionSource;
  /** Every policy, in the order given. */
  readonly policies: readonly PolicyDecision[];
}

/** Nobody knows when Redis is back; a client that is told to wait should not wait long. */
const UNAVAILABLE_RETRY_MS = 1_000;

export function toDecision(
  charges: readonly Charge[],
  { refusedBy, states }: Verdict,
  source: DecisionSource,
): Decision {
  const policies = charges.map(({ policy: { name, limit, window, algorithm } }, index) => {
    const { remaining, retryAfterMs, resetAfterMs } = states[index] as PolicyState;
    return {
      name,
      limit,
      windowMs: window,
      algorithm,
      allowed: retryAfterMs === 0,
      remaining,
      retryAfterMs,
      resetAfterMs,
    };
  });
  const { name, limit, remaining, retryAfterMs, resetAfterMs } = policies[refusedBy] ?? tightest(policies);
  return {
    allowed: refusedBy < 0,
    policy: name,
    limit,
    remaining,
    retryAfterMs,
    resetAfterMs,
    source,
    policies,
  };
}

/** The decision where Redis cannot be asked and nobody else is to be. */
export function undecided(charges: readonly Charge[], allowed: boolean): Decision {
  const states = charges.map(({ policy: { limit } }) =>
    allowed
      ? { remaining: limit, retryAfterMs: 0, resetAfterMs: 0 }
      : { remaining: 0, retryAfterMs: UNAVAILABLE_RETRY_MS, resetAfterMs: UNAVAILABLE_RETRY_MS },
  );
  return toDecision(charges, { refusedBy: allowed ? -1 : 0, states }, 'unavailable');
}

function tightest(policies: readonly PolicyDecision[]): PolicyDecision {
  return policies.reduce((least, policy) => (policy.remaining < least.remaining ? policy : least));
}

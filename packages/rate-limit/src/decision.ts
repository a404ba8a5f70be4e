import type { Algorithm } from './policy/algorithm.js';
import type { ResolvedPolicy } from './policy/policy.js';
import type { PolicySet } from './policy/policy-set.js';
import type { PolicyState } from './verdict.js';

/** What one policy says. */
export interface PolicyDecision extends PolicyState {
  readonly name: string;
  readonly limit: number;
  readonly windowMs: number;
  readonly algorithm: Algorithm;
  /** Units that this policy was asked for. */
  readonly cost: number;
  /** They are the policy's own `cost`, whatever the decision's was. */
  readonly fixedCost: boolean;
  /** It counts and reports, and never refuses: `allowed` may be false, and the decision true all the same. */
  readonly shadow: boolean;
  /** False where this policy refuses. A decision is allowed when all of its policies but the shadows say true. */
  readonly allowed: boolean;
  /** Units left after this decision. */
  readonly remaining: number;
  /** Milliseconds until the same cost could pass; 0 where it passed. */
  readonly retryAfterMs: number;
  /** Milliseconds until nothing of the limit is used, if nothing more is asked for. */
  readonly resetAfterMs: number;
  /** The key is blocked, by the policy's `block` or by `block()`; `retryAfterMs` says for how long. */
  readonly blocked: boolean;
}

/**
 * Who decided: `redis`; `deny-cache`, this process, because Redis has just refused the same; `local`, the limiter in this
 * process, while Redis was unavailable; or `unavailable`, nobody: `onUnavailable` said allow or deny, and the numbers say
 * what the limits are, not what is used of them.
 */
export type DecisionSource = 'redis' | 'deny-cache' | 'local' | 'unavailable';

/**
 * The answer to "may this pass?". The numbers at the top are those of the policy that matters most. It is plain data: as
 * JSON it can go to another process, which settles it there.
 */
export interface Decision {
  /** Names this decision, for `settle` and `release`. */
  readonly id: string;
  /** Who was asked for. */
  readonly key: string;
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

export function policyDecision(
  { name, limit, window, algorithm, shadow, cost: own }: ResolvedPolicy,
  cost: number,
  { remaining, retryAfterMs, resetAfterMs, blocked }: PolicyState,
): PolicyDecision {
  return {
    name,
    limit,
    windowMs: window,
    algorithm,
    cost: own ?? cost,
    fixedCost: own !== undefined,
    shadow,
    allowed: retryAfterMs === 0,
    remaining,
    retryAfterMs,
    resetAfterMs,
    blocked,
  };
}

/** The decision that the policies come to. */
export function conclude(
  id: string,
  key: string,
  policies: readonly PolicyDecision[],
  source: DecisionSource,
): Decision {
  let chosen: PolicyDecision | undefined;
  let allowed = true;
  for (const policy of policies) {
    if (policy.shadow) continue;
    if (!policy.allowed) {
      if (allowed || policy.retryAfterMs > (chosen?.retryAfterMs ?? 0)) chosen = policy;
      allowed = false;
    } else if (allowed && (chosen === undefined || policy.remaining < chosen.remaining)) chosen = policy;
  }
  // where all are shadows, the first of them
  chosen ??= policies[0] as PolicyDecision;
  const { name, limit, remaining, resetAfterMs } = chosen;
  const retryAfterMs = allowed ? 0 : chosen.retryAfterMs;
  return { id, key, allowed, policy: name, limit, remaining, retryAfterMs, resetAfterMs, source, policies };
}

export function toDecision(
  id: string,
  key: string,
  { policies }: PolicySet,
  cost: number,
  states: readonly PolicyState[],
  source: DecisionSource,
): Decision {
  const decisions = policies.map((policy, index) => policyDecision(policy, cost, states[index] as PolicyState));
  return conclude(id, key, decisions, source);
}

/** The decision where Redis cannot be asked and nobody else is to be. */
export function undecided(id: string, key: string, set: PolicySet, cost: number, allowed: boolean): Decision {
  const states = set.policies.map(({ limit }) =>
    allowed
      ? { remaining: limit, retryAfterMs: 0, resetAfterMs: 0, blocked: false }
      : { remaining: 0, retryAfterMs: UNAVAILABLE_RETRY_MS, resetAfterMs: UNAVAILABLE_RETRY_MS, blocked: false },
  );
  return toDecision(id, key, set, cost, states, 'unavailable');
}

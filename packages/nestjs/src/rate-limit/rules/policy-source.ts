import type { ExecutionContext } from '@nestjs/common';
import {
  type Algorithm,
  CostAboveCapacityError,
  type Policy,
  type ResolvedPolicy,
  resolvePolicies,
} from '@redis-functions/rate-limit';
import type { ContextPolicy, FromContext } from '../metadata.js';
import { within } from './within.js';

/** The policies of one call. */
export interface CallPolicies {
  readonly policies: readonly ResolvedPolicy[];
  /** A policy's own cost is more than its limit: `policies` are then without costs. */
  readonly excess?: CostAboveCapacityError;
}

export interface PolicySource {
  /** As far as they are the same for all calls: a limit that depends on the call is as high as can be. */
  readonly fixed: readonly ResolvedPolicy[];
  /** Undefined where all of it is the same for all calls. */
  readonly of: ((context: ExecutionContext) => Promise<CallPolicies>) | undefined;
}

const MOST_LISTS = 1_000;

/**
 * @param place Where the policies stand, for messages.
 * @throws InvalidArgumentError for what no call could mend.
 */
export function toPolicySource(policies: readonly ContextPolicy[], algorithm: Algorithm, place: string): PolicySource {
  const fixed = within(place, () => resolvePolicies(policies.map(withoutFunctions), algorithm));
  if (!policies.some(({ limit, cost }) => typeof limit === 'function' || typeof cost === 'function')) {
    return { fixed, of: undefined };
  }
  let byNumbers = new Map<string, CallPolicies>();
  return {
    fixed,
    async of(context) {
      const current = await Promise.all(policies.map((policy) => atCall(policy, context)));
      const numbers = current.map(({ limit, cost }) => `${limit}/${cost}`).join(' ');
      const known = byNumbers.get(numbers);
      if (known) return known;
      const resolved = within(place, () => resolve(current, algorithm));
      // limits that are different for everybody must not pile up
      if (byNumbers.size >= MOST_LISTS) byNumbers = new Map();
      byNumbers.set(numbers, resolved);
      return resolved;
    },
  };
}

export async function resolveFor<T extends number | undefined>(
  value: FromContext<T>,
  context: ExecutionContext,
): Promise<T> {
  return typeof value === 'function' ? value(context) : value;
}

function withoutFunctions(policy: ContextPolicy): Policy {
  // what is no policy at all is refused by whoever checks them
  if (typeof policy !== 'object' || policy === null) return policy;
  const { limit, cost, ...rest } = policy;
  return {
    ...rest,
    limit: typeof limit === 'function' ? Number.MAX_SAFE_INTEGER : limit,
    ...(typeof cost !== 'function' && { cost }),
  };
}

async function atCall({ limit, cost, ...rest }: ContextPolicy, context: ExecutionContext): Promise<Policy> {
  const numbers = await Promise.all([resolveFor(limit, context), resolveFor(cost, context)]);
  return { ...rest, limit: numbers[0], cost: numbers[1] };
}

function resolve(policies: readonly Policy[], algorithm: Algorithm): CallPolicies {
  try {
    return { policies: resolvePolicies(policies, algorithm) };
  } catch (error) {
    if (!(error instanceof CostAboveCapacityError)) throw error;
    const withoutCosts = policies.map(({ cost: _own, ...rest }) => rest);
    return { policies: resolvePolicies(withoutCosts, algorithm), excess: error };
  }
}

import {
  CostAboveCapacityError,
  type Decision,
  type RateLimiter,
  type ResolvedPolicy,
} from '@redis-functions/rate-limit';

/** What a call asks for. */
export interface Asked {
  readonly policies: readonly ResolvedPolicy[];
  readonly cost: number;
  /** A policy's own cost for this call is more than its limit for this call. */
  readonly excess?: CostAboveCapacityError;
}

/**
 * A call that costs more than the limit is a refusal here: what a client sends must not be a fault of the server.
 *
 * @throws InvalidArgumentError for a cost that cannot be.
 */
export async function decide(limiter: RateLimiter, key: string, { policies, cost, excess }: Asked): Promise<Decision> {
  if (excess) return neverAllowed(await limiter.peek(key, { policies }), excess);
  try {
    return await limiter.consume(key, { policies, cost });
  } catch (error) {
    if (!(error instanceof CostAboveCapacityError)) throw error;
    return neverAllowed(await limiter.peek(key, { policies }), error);
  }
}

/** No `retryAfterMs`: waiting does not help. */
function neverAllowed(decision: Decision, { policy, limit }: CostAboveCapacityError): Decision {
  const { remaining = 0, resetAfterMs = 0 } = decision.policies.find(({ name }) => name === policy) ?? {};
  return { ...decision, allowed: false, policy, limit, remaining, resetAfterMs, retryAfterMs: 0 };
}

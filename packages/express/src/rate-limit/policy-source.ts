import {
  DEFAULT_POLICY,
  type Policy,
  type RateLimiter,
  type ResolvedPolicy,
  resolvePolicies,
  resolvePolicy,
} from '@redis-functions/rate-limit';
import type { Request, Response } from 'express';
import { refuseBoth } from './checks.js';
import type { FromRequest, RateLimitOptions } from './options.js';

const DEFAULT_WINDOW = '1m';
const OF_ONE_POLICY = ['limit', 'window', 'windowMs', 'name'] as const satisfies readonly (keyof RateLimitOptions)[];

/** The policies of a middleware; their limit may depend on the request. */
export interface PolicySource {
  /** Those of any request, but for the limit where that depends on it. */
  readonly fixed: readonly ResolvedPolicy[];
  readonly limit: FromRequest<number> | undefined;
}

/** @throws InvalidArgumentError or CostAboveCapacityError that names the option. */
export function toPolicySource(options: RateLimitOptions, limiter: RateLimiter | undefined): PolicySource {
  const { policies, algorithm, cost, limit, name } = options;
  if (policies !== undefined) {
    for (const option of OF_ONE_POLICY) refuseBoth(options, 'policies', option);
    return checked({ fixed: resolvePolicies(policies, algorithm), limit: undefined }, cost);
  }
  refuseBoth(options, 'window', 'windowMs');
  if (OF_ONE_POLICY.every((option) => options[option] === undefined)) {
    const fixed = limiter?.policies ?? resolvePolicies([DEFAULT_POLICY], algorithm);
    return checked({ fixed, limit: undefined }, cost);
  }
  const window = options.window ?? options.windowMs ?? (limit === undefined ? DEFAULT_POLICY.window : DEFAULT_WINDOW);
  const policy: Policy = {
    limit: limit === undefined || typeof limit === 'function' ? DEFAULT_POLICY.limit : limit,
    window,
    ...(name !== undefined && { name }),
  };
  const fixed = resolvePolicies([resolvePolicy(policy, algorithm)]);
  return checked({ fixed, limit: typeof limit === 'function' ? limit : undefined }, cost);
}

export async function policiesOf(
  { fixed, limit }: PolicySource,
  request: Request,
  response: Response,
): Promise<readonly ResolvedPolicy[]> {
  if (limit === undefined) return fixed;
  const value = await limit(request, response);
  return resolvePolicies(fixed.map((policy) => resolvePolicy({ ...policy, limit: value })));
}

/** A cost that is known now and could never pass is a mistake that is known now. */
function checked(source: PolicySource, cost: RateLimitOptions['cost']): PolicySource {
  if (cost === undefined || typeof cost === 'function') return source;
  for (const policy of source.fixed) {
    const limit = source.limit === undefined ? policy.limit : Number.MAX_SAFE_INTEGER;
    resolvePolicy({ ...policy, limit, cost: policy.cost ?? cost });
  }
  return source;
}

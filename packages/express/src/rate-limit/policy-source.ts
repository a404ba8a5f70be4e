import {
  type Algorithm,
  DEFAULT_POLICY,
  type Policy,
  type RateLimiter,
  type ResolvedPolicy,
  resolvePolicies,
  resolvePolicy,
} from '@redis-functions/rate-limit';
import type { Request, Response } from 'express';
import { refuseBoth } from './assert-options.js';
import type { FromRequest, RateLimitOptions } from './options.js';

type Policies = readonly ResolvedPolicy[];

const DEFAULT_WINDOW = '1m';
const MOST_LISTS = 1_000;
const OF_ONE_POLICY = [
  'limit',
  'window',
  'windowMs',
  'name',
  'aligned',
  'shadow',
  'block',
] as const satisfies readonly (keyof RateLimitOptions)[];

/** The policies of a middleware, which may depend on the request. */
export interface PolicySource {
  /** Those of any request, but for the limit where that depends on it; none where the policies themselves do. */
  readonly fixed: Policies;
  /** Undefined: those of any request. */
  readonly of: FromRequest<Policies> | undefined;
  /** All that can hold a counter of a client: those of any request, or those of the requests so far. */
  lists(): Iterable<Policies>;
}

/** @throws InvalidArgumentError or CostAboveCapacityError that names the option. */
export function toPolicySource(options: RateLimitOptions, limiter: RateLimiter | undefined): PolicySource {
  const { policies, algorithm, cost, limit } = options;
  if (policies !== undefined) {
    for (const option of OF_ONE_POLICY) refuseBoth(options, 'policies', option);
    return typeof policies === 'function'
      ? byRequest(policies, algorithm)
      : constant(resolvePolicies(policies, algorithm), cost);
  }
  refuseBoth(options, 'window', 'windowMs');
  if (OF_ONE_POLICY.every((option) => options[option] === undefined)) {
    return constant(limiter?.policies ?? resolvePolicies([DEFAULT_POLICY], algorithm), cost);
  }
  const fixed = resolvePolicies([resolvePolicy(onePolicy(options), algorithm)]);
  return typeof limit === 'function' ? withLimit(fixed, limit, cost) : constant(fixed, cost);
}

function onePolicy({ limit, window, windowMs, name, aligned, shadow, block }: RateLimitOptions): Policy {
  return {
    limit: limit === undefined || typeof limit === 'function' ? DEFAULT_POLICY.limit : limit,
    window: window ?? windowMs ?? (limit === undefined ? DEFAULT_POLICY.window : DEFAULT_WINDOW),
    ...(name !== undefined && { name }),
    ...(aligned !== undefined && { aligned }),
    ...(shadow !== undefined && { shadow }),
    ...(block !== undefined && { block }),
  };
}

function constant(fixed: Policies, cost: RateLimitOptions['cost']): PolicySource {
  // a cost that is known now and could never pass is a mistake that is known now
  if (typeof cost === 'number') for (const policy of fixed) assertCost(policy, cost);
  return { fixed, of: undefined, lists: () => [fixed] };
}

function withLimit(fixed: Policies, limit: FromRequest<number>, cost: RateLimitOptions['cost']): PolicySource {
  if (typeof cost === 'number') {
    for (const policy of fixed) assertCost({ ...policy, limit: Number.MAX_SAFE_INTEGER }, cost);
  }
  let byLimit = new Map<number, Policies>();
  return {
    fixed,
    // the limit is no part of a counter's name
    lists: () => [fixed],
    async of(request: Request, response: Response) {
      const value = await limit(request, response);
      const known = byLimit.get(value);
      if (known) return known;
      const policies = resolvePolicies(fixed.map((policy) => resolvePolicy({ ...policy, limit: value })));
      if (byLimit.size >= MOST_LISTS) byLimit = new Map();
      byLimit.set(value, policies);
      return policies;
    },
  };
}

function byRequest(policies: FromRequest<readonly Policy[]>, algorithm: Algorithm | undefined): PolicySource {
  const resolved = new WeakMap<readonly Policy[], Policies>();
  const byCounters = new Map<string, Policies>();
  return {
    fixed: [],
    lists: () => byCounters.values(),
    async of(request: Request, response: Response) {
      const list = await policies(request, response);
      const known = resolved.get(list);
      if (known) return known;
      const made = resolvePolicies(list, algorithm);
      resolved.set(list, made);
      if (byCounters.size < MOST_LISTS) byCounters.set(toCounters(made), made);
      return made;
    },
  };
}

function toCounters(policies: Policies): string {
  return policies.map(({ name, algorithm }) => `${name} ${algorithm}`).join(' ');
}

function assertCost(policy: ResolvedPolicy, cost: number): void {
  resolvePolicy({ ...asPolicy(policy), cost: policy.cost ?? cost });
}

function asPolicy(policy: ResolvedPolicy): Policy {
  const { block, ...rest } = policy;
  return { ...rest, ...(block && { block }) };
}

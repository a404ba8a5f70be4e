import { type Duration, formatDuration, InvalidArgumentError, parseDuration } from '@redis-functions/core';
import { CostAboveCapacityError } from '../errors.js';
import { ALGORITHMS, type Algorithm } from './algorithm.js';
import { type BlockOptions, type ResolvedBlock, resolveBlock } from './block.js';

/** One limit. A decision may ask several: all of them agree, or nothing is charged. */
export interface Policy {
  /**
   * Names the policy in decisions and headers, and its counter in Redis: the same name is the same counter, also after
   * its limit or window has changed. 1–64 letters, digits, `.`, `_` or `-`. Default: its window, like `1m`.
   */
  name?: string;
  /** Units per window: a whole number above 0. */
  limit: number;
  /** Milliseconds, or `'250ms'`, `'10s'`, `'1m'`, `'1h'`, `'1d'`. Of `concurrency`: the longest that a lease lives. */
  window: Duration;
  /** Default: that of the limiter, which is `token-bucket` unless it says otherwise. */
  algorithm?: Algorithm;
  /** Units that every decision takes from this policy, whatever the decision's own cost. Default: the decision's cost. */
  cost?: number | undefined;
  /** Of `fixed-window`: begins at whole multiples of the window since 1970 (UTC), for everybody. Default: with the first hit. */
  aligned?: boolean;
  /** Counts and reports, and never refuses: for trying a limit out. Default: false. */
  shadow?: boolean;
  /**
   * How long whoever this policy refuses is refused altogether; afterwards it starts afresh. Refusals meanwhile do not
   * lengthen it. Default: refused until the cost fits again, and no longer.
   */
  block?: Duration | BlockOptions | undefined;
}

/** A policy that has been checked, every default in place. */
export interface ResolvedPolicy {
  readonly name: string;
  readonly limit: number;
  /** Milliseconds. */
  readonly window: number;
  readonly algorithm: Algorithm;
  readonly cost: number | undefined;
  readonly aligned: boolean;
  readonly shadow: boolean;
  readonly block: ResolvedBlock | undefined;
}

/** What a limiter without policies does: 100 at once, refilled at 10 per second. */
export const DEFAULT_POLICY: Policy = { name: 'default', limit: 100, window: '10s' };

const resolvedLists = new WeakSet<readonly Policy[]>();

/**
 * Checks policies, once: a list that came from here is known, cannot change, and is not checked again.
 *
 * @param algorithm Of policies that name none. Default: `token-bucket`.
 * @throws InvalidArgumentError or CostAboveCapacityError that names the policy's field.
 */
export function resolvePolicies(
  policies: readonly Policy[],
  algorithm: Algorithm = 'token-bucket',
): readonly ResolvedPolicy[] {
  if (resolvedLists.has(policies)) return policies as readonly ResolvedPolicy[];
  if (!Array.isArray(policies) || policies.length === 0) {
    throw new InvalidArgumentError(
      'policies',
      'policies is not a list of at least one policy. Give one, or leave it out.',
    );
  }
  const resolved = Object.freeze(
    policies.map((policy, index) => resolvePolicy(policy, algorithm, `policies[${index}]`)),
  );
  const names = new Set<string>();
  for (const { name } of resolved) {
    if (names.has(name)) {
      throw new InvalidArgumentError(
        'policies',
        `Two policies are called "${name}" and would share a counter. Give each a "name" of its own.`,
      );
    }
    names.add(name);
  }
  resolvedLists.add(resolved);
  return resolved;
}

/**
 * Checks one policy.
 *
 * @param path Where it is, for messages. Default: its fields are named by themselves.
 * @throws InvalidArgumentError or CostAboveCapacityError that names the field.
 */
export function resolvePolicy(policy: Policy, defaultAlgorithm: Algorithm = 'token-bucket', path = ''): ResolvedPolicy {
  if (typeof policy !== 'object' || policy === null) {
    const field = path || 'policy';
    throw new InvalidArgumentError(field, `${field} is not a policy. Give it like { limit: 100, window: '1m' }.`);
  }
  const fieldOf = (name: string) => (path === '' ? name : `${path}.${name}`);
  const { limit, cost, algorithm = defaultAlgorithm, aligned = false, shadow = false } = policy;
  assertAmount(fieldOf('limit'), limit);
  const window = parseDuration(fieldOf('window'), policy.window);
  const { name = formatDuration(window) } = policy;
  assertName(fieldOf('name'), name);
  assertAlgorithm(fieldOf('algorithm'), algorithm);
  if (cost !== undefined) {
    assertAmount(fieldOf('cost'), cost);
    assertWithinLimit(fieldOf('cost'), cost, { name, limit });
  }
  if (aligned && algorithm !== 'fixed-window') {
    throw new InvalidArgumentError(
      fieldOf('aligned'),
      `${fieldOf('aligned')} is for fixed windows, and this is a ${algorithm}. Leave one of them out.`,
    );
  }
  const block = policy.block === undefined ? undefined : resolveBlock(fieldOf('block'), policy.block);
  if (block && shadow) {
    throw new InvalidArgumentError(
      fieldOf('block'),
      `${fieldOf('block')} would refuse, and a shadow policy never does. Leave one of them out.`,
    );
  }
  return Object.freeze({
    name,
    limit,
    window,
    algorithm,
    cost,
    aligned: aligned === true,
    shadow: shadow === true,
    block,
  });
}

/** @throws InvalidArgumentError unless the value is a whole number from 1 to 2^53-1. */
export function assertAmount(field: string, value: unknown): asserts value is number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 1) return;
  const got = typeof value === 'string' ? JSON.stringify(value.slice(0, 40)) : String(value);
  throw new InvalidArgumentError(field, `${field} is ${got}. Give a whole number from 1 to 2^53-1.`);
}

/** @throws InvalidArgumentError unless the value is a whole number from 0 to 2^53-1. */
export function assertUnits(field: string, value: unknown): asserts value is number {
  if (value !== 0) assertAmount(field, value);
}

export function assertWithinLimit(field: string, cost: number, { name, limit }: { name: string; limit: number }): void {
  if (cost > limit) throw new CostAboveCapacityError(field, cost, name, limit);
}

export function assertAlgorithm(field: string, value: unknown): asserts value is Algorithm {
  if ((ALGORITHMS as readonly unknown[]).includes(value)) return;
  throw new InvalidArgumentError(
    field,
    `${field} is ${String(value).slice(0, 40)}. Give one of ${ALGORITHMS.join(', ')}.`,
  );
}

function assertName(field: string, value: unknown): asserts value is string {
  // what fits into a key and into a header without any escape
  if (typeof value === 'string' && /^[A-Za-z0-9._-]{1,64}$/.test(value)) return;
  throw new InvalidArgumentError(
    field,
    `${field} must be 1 to 64 letters, digits, ".", "_" or "-". Choose another name.`,
  );
}

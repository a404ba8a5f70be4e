import { InvalidArgumentError } from '@redis-functions/core';
import type { ConnectionOptions } from './connection.js';
import { assertPrefix } from './keys.js';
import type { Algorithm } from './policy/algorithm.js';
import {
  assertAlgorithm,
  assertAmount,
  DEFAULT_POLICY,
  type Policy,
  type ResolvedPolicy,
  resolvePolicies,
} from './policy/policy.js';

export interface RateLimiterOptions extends ConnectionOptions {
  /** Asked together, all or nothing. Default: one token bucket of 100, refilled at 10 per second. */
  policies?: readonly Policy[];
  /** Algorithm of policies that name none. Default: `token-bucket`. */
  algorithm?: Algorithm;
  /** What the keys in Redis begin with. Limiters with the same prefix and policy names share counters. Default: `rl`. */
  prefix?: string;
  /** Milliseconds a decision may wait for Redis; 0 for no deadline. Default: 50. */
  deadlineMs?: number;
  /**
   * Milliseconds that decisions wait, instead of `deadlineMs`, for the first connection after the limiter was made. It is
   * over as soon as the connection is there or has failed. 0 for not waiting. Default: 500.
   */
  startupMs?: number;
  /**
   * Who decides while Redis does not: `local`, the same policies in this process; `allow`; or `deny`. Default: `local`.
   */
  onUnavailable?: 'local' | 'allow' | 'deny';
  /**
   * Counters that `local` holds at most, each entry of a sliding log for one; the longest unused go first.
   * Default: 50,000, about 10 MB.
   */
  localCapacity?: number;
  /**
   * Hears why Redis did not decide, once per decision. Default: one process warning per outage, code
   * `RATE_LIMIT_WITHOUT_REDIS`.
   */
  onError?: (error: Error) => void;
}

/** Options that have been checked, every default in place. */
export interface Configuration {
  readonly policies: readonly ResolvedPolicy[];
  readonly algorithm: Algorithm;
  readonly prefix: string;
  readonly deadlineMs: number;
  readonly startupMs: number;
  readonly onUnavailable: 'local' | 'allow' | 'deny';
  readonly localCapacity: number;
  readonly onError: ((error: Error) => void) | undefined;
}

/** @throws InvalidArgumentError or CostAboveCapacityError that names the option. */
export function resolveOptions(options: RateLimiterOptions): Configuration {
  const {
    policies = [],
    algorithm = 'token-bucket',
    prefix = 'rl',
    deadlineMs = 50,
    startupMs = 500,
    onUnavailable = 'local',
    localCapacity = 50_000,
    onError,
  } = options;
  assertAlgorithm('algorithm', algorithm);
  assertPrefix(prefix);
  assertMilliseconds('deadlineMs', deadlineMs);
  assertMilliseconds('startupMs', startupMs);
  assertAmount('localCapacity', localCapacity);
  if (!['local', 'allow', 'deny'].includes(onUnavailable)) {
    throw new InvalidArgumentError('onUnavailable', "onUnavailable must be 'local', 'allow' or 'deny'. Choose one.");
  }
  return {
    policies: resolvePolicies(isEmpty(policies) ? [DEFAULT_POLICY] : policies, algorithm),
    algorithm,
    prefix,
    deadlineMs,
    startupMs,
    onUnavailable,
    localCapacity,
    onError,
  };
}

function isEmpty(policies: readonly Policy[]): boolean {
  return Array.isArray(policies) && policies.length === 0;
}

function assertMilliseconds(field: string, value: number): void {
  // more than setTimeout can wait
  if (Number.isFinite(value) && value >= 0 && value < 2 ** 31) return;
  throw new InvalidArgumentError(
    field,
    `${field} must be 0 or more milliseconds, up to 24 days. Leave it out for the default.`,
  );
}

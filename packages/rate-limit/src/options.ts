import { InvalidArgumentError } from '@redis-functions/core';
import type { ConnectionOptions } from './connection.js';
import type { DenyCacheOptions } from './deny-cache.js';
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
  /** Processes that share the limits: each takes its part of them while it decides by itself. Default: 1. */
  instances?: number;
  /**
   * How refusals are repeated without asking Redis, until what was refused could pass; false for not at all. This
   * process's `reset`, `reward`, `set`, `settle` and `unblock` end it at once, another's after `maxAgeMs`.
   */
  denyCache?: DenyCacheOptions | false;
  /** The event `near-limit` is for policies that have less than this part of their limit left, 0 to 1. Default: 0.1. */
  nearLimit?: number;
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
  readonly instances: number;
  readonly denyCache: Required<DenyCacheOptions> | false;
  readonly nearLimit: number;
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
    instances = 1,
    denyCache = {},
    nearLimit = 0.1,
    localCapacity = 50_000,
    onError,
  } = options;
  assertAlgorithm('algorithm', algorithm);
  assertPrefix(prefix);
  assertMilliseconds('deadlineMs', deadlineMs);
  assertMilliseconds('startupMs', startupMs);
  assertAmount('localCapacity', localCapacity);
  assertAmount('instances', instances);
  if (!(nearLimit >= 0 && nearLimit <= 1)) {
    throw new InvalidArgumentError('nearLimit', `nearLimit is ${String(nearLimit)}. Give a part from 0 to 1.`);
  }
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
    instances,
    denyCache: resolveDenyCache(denyCache),
    nearLimit,
    localCapacity,
    onError,
  };
}

function resolveDenyCache(denyCache: DenyCacheOptions | false): Required<DenyCacheOptions> | false {
  if (denyCache === false) return false;
  if (typeof denyCache !== 'object' || denyCache === null) {
    throw new InvalidArgumentError(
      'denyCache',
      'denyCache is neither false nor an object. Leave it out for the default.',
    );
  }
  const { capacity = 10_000, maxAgeMs = 1_000 } = denyCache;
  assertAmount('denyCache.capacity', capacity);
  assertMilliseconds('denyCache.maxAgeMs', maxAgeMs);
  return { capacity, maxAgeMs };
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

import type { ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Policy } from '@redis-functions/rate-limit';

/** A value, or a function that finds it out for a call. */
export type FromContext<T> = T | ((context: ExecutionContext) => T | Promise<T>);

/** A policy whose limit and cost may depend on the call, for example on the plan of a user. */
export interface ContextPolicy extends Omit<Policy, 'limit' | 'cost'> {
  /** Units per window: a whole number above 0. */
  limit: FromContext<number>;
  /** Units that a call takes; more than the limit is a refusal. Default: 1. */
  cost?: FromContext<number> | undefined;
}

/** A policy of the module, at another cost. */
export interface NamedRule {
  /** Its name in `rateLimit.policies`. */
  policy: string;
  /** Units that a call takes of policies without a `cost` of their own. Default: 1. */
  cost?: FromContext<number> | undefined;
}

/**
 * What limits a handler: the name of a policy in the module's options (one counter per client wherever the name is
 * used), or policies of the handler's own; `undefined` for the policy `default`.
 */
export type RateLimitRule = string | NamedRule | ContextPolicy | readonly ContextPolicy[] | undefined;

/** Whose counter a call uses. Nothing, or an empty text, counts as the client's address. */
export type RateLimitKeyFunction = (
  context: ExecutionContext,
) => string | number | undefined | Promise<string | number | undefined>;

/** An object, so that a rule without a policy is still there to be found. */
export const RuleMetadata = Reflector.createDecorator<{ readonly rule: RateLimitRule }>();
export const SkipMetadata = Reflector.createDecorator<boolean>();
export const KeyMetadata = Reflector.createDecorator<RateLimitKeyFunction>();

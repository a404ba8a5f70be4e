import type { ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Policy } from '@redis-functions/rate-limit';

/**
 * What limits a route: the name of a policy in the module's options (one bucket wherever the name is used), or policies
 * of the route's own; `undefined` for the module's default.
 */
export type RateLimitRule = string | Policy | readonly Policy[] | undefined;

/** Whose bucket a request uses. Asynchronous lookups are fine; the result must not be empty. */
export type RateLimitKeyFunction = (context: ExecutionContext) => string | Promise<string>;

/** An object, so that a rule without a policy is still there to be found. */
export const RuleMetadata = Reflector.createDecorator<{ readonly rule: RateLimitRule }>();
export const SkipMetadata = Reflector.createDecorator<boolean>();
export const KeyMetadata = Reflector.createDecorator<RateLimitKeyFunction>();

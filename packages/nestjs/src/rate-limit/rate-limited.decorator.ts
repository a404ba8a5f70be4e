import { applyDecorators, UseGuards } from '@nestjs/common';
import { KeyMetadata, type RateLimitKeyFunction, type RateLimitRule, RuleMetadata, SkipMetadata } from './metadata.js';
import { RateLimitGuard } from './rate-limit.guard.js';

type ClassOrMethodDecorator = ClassDecorator & MethodDecorator;

/**
 * Limits a route, or all routes of a class; it brings its guard. A method's own rule takes the place of its class's.
 *
 * @param rule The name of a policy from `RedisFunctionsModule`'s `rateLimit.policies` (shared by all routes that name it;
 *   an unknown name fails the start), or a policy or list of policies for this route or class alone. Default: the
 *   limiter's default, 100 requests at once and 10 per second after.
 */
export function RateLimited(rule?: RateLimitRule): ClassOrMethodDecorator {
  return applyDecorators(RuleMetadata({ rule }), UseGuards(RateLimitGuard)) as ClassOrMethodDecorator;
}

/** Takes a route, or a class, out of the limit that its class or a global guard puts on it. */
export function SkipRateLimit(): ClassOrMethodDecorator {
  return SkipMetadata(true);
}

/** Counts by something else than the client's address, for example the user: `@RateLimitKey((context) => …)`. */
export function RateLimitKey(key: RateLimitKeyFunction): ClassOrMethodDecorator {
  return KeyMetadata(key);
}

import { applyDecorators, UseGuards } from '@nestjs/common';
import { KeyMetadata, type RateLimitKeyFunction, type RateLimitRule, RuleMetadata, SkipMetadata } from './metadata.js';
import { RateLimitGuard } from './rate-limit.guard.js';

type ClassOrMethodDecorator = ClassDecorator & MethodDecorator;

/**
 * Limits a route, resolver, message or pattern, or all of a class; it brings its guard. A method's own rule takes the
 * place of its class's.
 *
 * @param rule The name of a policy from `RedisFunctionsModule`'s `rateLimit.policies` (shared by all that name it), that
 *   name with a cost like `{ policy: 'api', cost: 5 }`, or a policy or list of policies for this method or class alone.
 *   `limit` and `cost` may be functions of the context. What could never work fails the start. Default: the policy
 *   `default`, which is 100 requests at once and 10 per second after unless the module has another.
 */
export function RateLimited(rule?: RateLimitRule): ClassOrMethodDecorator {
  return applyDecorators(RuleMetadata({ rule }), UseGuards(RateLimitGuard)) as ClassOrMethodDecorator;
}

/** Takes a method, or a class, out of the limit that its class or a global guard puts on it. */
export function SkipRateLimit(): ClassOrMethodDecorator {
  return SkipMetadata(true);
}

/**
 * Counts by something else than the client's address, for example the user: `@RateLimitKey((context) => …)`. In
 * microservices, where callers have no address, all callers of a handler count together without it.
 */
export function RateLimitKey(key: RateLimitKeyFunction): ClassOrMethodDecorator {
  return KeyMetadata(key);
}

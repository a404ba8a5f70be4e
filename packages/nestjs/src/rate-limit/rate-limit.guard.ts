import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { RateLimiter } from '@redis-functions/rate-limit';
import { keyedCaller, unkeyedCaller } from './caller.js';
import { callOf } from './contexts/call-of.js';
import { type Asked, decide } from './decide.js';
import { releaseAtEnd } from './leases.js';
import { RateLimitSettings } from './rate-limit-settings.js';
import { setRateLimitHeaders } from './response-headers.js';
import { resolveFor } from './rules/policy-source.js';
import { RateLimitRules, type Rule } from './rules/rate-limit-rules.js';
import { located } from './rules/within.js';
import { warnOnce } from './warn-once.js';

/**
 * On the arguments of a call that was charged: a global guard, one on the class and one on the method, each an instance
 * of its own, are given the same array and must charge once. A property is cheaper than an entry of a WeakSet.
 */
const CHARGED = Symbol('charged');

/** Charges the counter of a call, sets the header fields, and refuses in the way of the call's protocol. */
@Injectable()
export class RateLimitGuard implements CanActivate {
  constructor(
    @Inject(RateLimiter) private readonly limiter: RateLimiter,
    @Inject(RateLimitRules) private readonly rules: RateLimitRules,
    @Inject(RateLimitSettings) private readonly settings: RateLimitSettings,
  ) {}

  /** Every `await` costs each call a turn: only what a user's function returned, and the decision, are awaited. */
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const args: unknown[] & { [CHARGED]?: true } = context.getArgs();
    if (args[CHARGED]) return true;
    args[CHARGED] = true;
    const rule = this.rules.of(context);
    if (!rule) return true;
    const { skip, ipv6Subnet, headers, report } = this.settings;
    if (skip && (await skip(context))) return true;

    const call = callOf(context);
    const caller = rule.key
      ? await keyedCaller(rule.key, context, call, rule, ipv6Subnet)
      : unkeyedCaller(context, call, rule, ipv6Subnet);
    if (caller === undefined) return true;
    const key = rule.scope === '' ? caller : `${rule.scope} ${caller}`;
    const asked = rule.constant ?? (await askedOf(rule, context));
    const decision = await decide(this.limiter, key, asked).catch((error) => {
      throw located(rule.place, error);
    });
    if (call.response) setRateLimitHeaders(call.response, decision, headers);
    releaseAtEnd(this.limiter, decision, context, call, report);
    if (decision.allowed) return true;
    if (decision.retryAfterMs === 0) warnOfCost(rule, decision.policy);
    throw await call.refusal(decision);
  }
}

async function askedOf({ policies, cost }: Rule, context: ExecutionContext): Promise<Asked> {
  const current = policies.of ? await policies.of(context) : { policies: policies.fixed };
  return { ...current, cost: await resolveFor(cost, context) };
}

function warnOfCost({ place }: Rule, policy: string): void {
  warnOnce(
    'RATE_LIMIT_COST_ABOVE_CAPACITY',
    place,
    `A call was refused because it costs more than the policy "${policy}" ever has, and always will be. ` +
      'Raise the limit, or let it cost less.',
  );
}

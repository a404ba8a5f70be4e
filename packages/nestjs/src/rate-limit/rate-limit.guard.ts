import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { PATH_METADATA } from '@nestjs/common/constants.js';
import { Reflector } from '@nestjs/core';
import { RedisFunctionsError } from '@redis-functions/core';
import { clientAddress, RateLimiter } from '@redis-functions/rate-limit';
import { type HttpExchange, httpExchange } from './http-exchange.js';
import { KeyMetadata, type RateLimitRule, RuleMetadata, SkipMetadata } from './metadata.js';
import { RateLimitPolicies } from './rate-limit-policies.js';
import { RateLimitedException } from './rate-limited.exception.js';
import { setRateLimitHeaders } from './response-headers.js';

/**
 * Requests and the handlers they were charged for: a global guard, one on the class and one on the method, each an
 * instance of its own, must charge once.
 */
const charged = new WeakMap<object, Set<unknown>>();

/** Charges the bucket of a request, sets the headers, and refuses with `RateLimitedException`. */
@Injectable()
export class RateLimitGuard implements CanActivate {
  constructor(
    @Inject(RateLimiter) private readonly limiter: RateLimiter,
    @Inject(RateLimitPolicies) private readonly policies: RateLimitPolicies,
    @Inject(Reflector) private readonly reflector: Reflector,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const applied = this.#ruleOf(context);
    if (!applied) return true;
    const exchange = exchangeOf(context);
    if (!isFirstGuard(exchange.request, context.getHandler())) return true;

    const policies = this.policies.resolve(applied.rule);
    const key = `${applied.scope} ${await this.#clientOf(context, exchange)}`;
    const decision = await this.limiter.consume(key, policies ? { policies } : {});
    setRateLimitHeaders(exchange, decision, this.policies.headers);
    if (!decision.allowed) throw new RateLimitedException(decision);
    return true;
  }

  /** The nearest word wins: the method's, then the class's, then (where the guard is global) the default. */
  #ruleOf(context: ExecutionContext): { rule: RateLimitRule; scope: string } | undefined {
    const [handler, controller] = [context.getHandler(), context.getClass()];
    if (this.reflector.get(SkipMetadata, handler)) return undefined;
    const own = this.reflector.get(RuleMetadata, handler);
    if (own) return { rule: own.rule, scope: scopeOf(own.rule, controller, handler.name) };
    if (this.reflector.get(SkipMetadata, controller)) return undefined;
    const { rule } = this.reflector.get(RuleMetadata, controller) ?? { rule: undefined };
    return { rule, scope: scopeOf(rule, controller, undefined) };
  }

  async #clientOf(context: ExecutionContext, { address = '' }: HttpExchange): Promise<string> {
    const key = this.reflector.getAllAndOverride(KeyMetadata, [context.getHandler(), context.getClass()]);
    if (key) return key(context);
    // a socket that closed meanwhile has no address: its request shares one bucket with others like it
    return clientAddress(address) ?? 'unknown';
  }
}

function isFirstGuard(request: object, handler: unknown): boolean {
  const handlers = charged.get(request) ?? new Set();
  if (handlers.has(handler)) return false;
  charged.set(request, handlers.add(handler));
  return true;
}

/** A named policy has one bucket wherever it is used; an inline one belongs to its route, or to its class. */
function scopeOf(rule: RateLimitRule, controller: { name: string }, method: string | undefined): string {
  if (typeof rule === 'string') return `policy ${rule}`;
  // two classes may have one name; their paths differ
  const path = String(Reflect.getMetadata(PATH_METADATA, controller) ?? '');
  return ['route', controller.name, path, ...(method === undefined ? [] : [method])].join(' ');
}

function exchangeOf(context: ExecutionContext): HttpExchange {
  if (context.getType() === 'http') return httpExchange(context);
  throw new RedisFunctionsError(
    'UNSUPPORTED_CONTEXT',
    `RateLimitGuard cannot limit "${context.getType()}" calls (${context.getClass().name}.${context.getHandler().name}). ` +
      'Use RateLimiter.consume() there.',
  );
}

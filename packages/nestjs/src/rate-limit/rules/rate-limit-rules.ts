import { type ExecutionContext, Inject, Injectable, type Type, UseInterceptors } from '@nestjs/common';
import { INTERCEPTORS_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import { DiscoveryService, MetadataScanner, Reflector } from '@nestjs/core';
import { type Algorithm, resolvePolicies } from '@redis-functions/rate-limit';
import type { RedisFunctionsModuleOptions } from '../../module/options.js';
import { MODULE_OPTIONS_TOKEN } from '../../module/redis-functions.module-definition.js';
import type { Asked } from '../decide.js';
import { hasLeases, leaseInterceptor } from '../leases.js';
import {
  type ContextPolicy,
  type FromContext,
  KeyMetadata,
  type NamedRule,
  type RateLimitKeyFunction,
  type RateLimitRule,
  RuleMetadata,
  SkipMetadata,
} from '../metadata.js';
import { DEFAULT_NAME, NamedPolicies, toList } from './named-policies.js';
import { type PolicySource, toPolicySource } from './policy-source.js';
import { within } from './within.js';

type Handler = ReturnType<ExecutionContext['getHandler']>;

/** What limits a handler, all of it checked. */
export interface Rule {
  /** Where it stands, for messages: `UsersController.list`. */
  readonly place: string;
  /** What its keys begin with. Empty for named policies: their counters belong to the client alone. */
  readonly scope: string;
  readonly policies: PolicySource;
  readonly cost: FromContext<number>;
  /** What every call asks for; undefined where that depends on the call. */
  readonly constant: Asked | undefined;
  readonly key: RateLimitKeyFunction | undefined;
  /** Nobody has put a limit on this handler: only a guard for everything has. */
  readonly isImplied: boolean;
}

/** What limits each handler of the application. Checks every `@RateLimited()` when the application starts. */
@Injectable()
export class RateLimitRules {
  readonly #algorithm: Algorithm;
  readonly #named: NamedPolicies;
  readonly #key: RateLimitKeyFunction | undefined;
  readonly #reflector: Reflector;
  readonly #rules = new WeakMap<object, WeakMap<object, Rule | 'none'>>();

  /** @throws InvalidArgumentError that names the option, or the class and method. */
  constructor(
    @Inject(MODULE_OPTIONS_TOKEN) { rateLimit = {} }: RedisFunctionsModuleOptions,
    @Inject(DiscoveryService) discovery: DiscoveryService,
    @Inject(MetadataScanner) scanner: MetadataScanner,
    @Inject(Reflector) reflector: Reflector,
  ) {
    const { policies = {}, algorithm = 'token-bucket', key } = rateLimit;
    this.#algorithm = algorithm;
    this.#named = new NamedPolicies(policies, algorithm);
    this.#key = key;
    this.#reflector = reflector;
    // here and not in a later hook: gateways and resolvers are bound while those run
    for (const { metatype } of [...discovery.getControllers(), ...discovery.getProviders()]) {
      if (typeof metatype === 'function' && metatype.prototype) this.#prepare(metatype as Type, scanner);
    }
  }

  /** Undefined for what is not limited. */
  of(context: ExecutionContext): Rule | undefined {
    const handler = context.getHandler();
    const owner = context.getClass();
    const byClass = this.#rules.get(handler) ?? new WeakMap<object, Rule | 'none'>();
    this.#rules.set(handler, byClass);
    // found here: also what was not there yet at the start, such as a module that was loaded later
    const rule = byClass.get(owner) ?? this.#find(handler, owner) ?? 'none';
    byClass.set(owner, rule);
    return rule === 'none' ? undefined : rule;
  }

  #prepare(owner: Type, scanner: MetadataScanner): void {
    const limits = this.#reflector.get(RuleMetadata, owner);
    if (limits) this.#compile(limits.rule, owner, undefined);
    for (const name of scanner.getAllMethodNames(owner.prototype)) {
      const handler = owner.prototype[name];
      if (!limits && !this.#reflector.get(RuleMetadata, handler)) continue;
      const rule = this.#find(handler, owner);
      if (rule && hasLeases(rule.policies.fixed)) intercept(handler);
    }
  }

  /** The nearest word wins: the method's, then the class's, then (where the guard is global) the default. */
  #find(handler: Handler, owner: Type): Rule | undefined {
    if (this.#reflector.get(SkipMetadata, handler)) return undefined;
    const own = this.#reflector.get(RuleMetadata, handler);
    if (own) return this.#compile(own.rule, owner, handler);
    if (this.#reflector.get(SkipMetadata, owner)) return undefined;
    const common = this.#reflector.get(RuleMetadata, owner);
    return { ...this.#compile(common?.rule, owner, undefined, handler), isImplied: common === undefined };
  }

  /**
   * @param of The method that the rule stands on; undefined for the class.
   * @param handler The method that is limited. Default: `of`.
   */
  #compile(rule: RateLimitRule, owner: Type, of: Handler | undefined, handler = of): Rule {
    const place = [owner.name, ...(of ? [of.name] : [])].join('.');
    const key = handler && this.#reflector.getAllAndOverride(KeyMetadata, [handler, owner]);
    const shared = { place, key: key ?? this.#key, isImplied: false };
    const named = toNamed(rule);
    if (named) {
      const { policy, cost = 1 } = named;
      const policies = this.#named.get(policy, place);
      within(place, () => assertCost(cost, policies));
      return { ...shared, scope: '', policies, cost, constant: constantOf(policies, cost) };
    }
    const policies = toPolicySource(toList(rule as ContextPolicy), this.#algorithm, place);
    return { ...shared, scope: scopeOf(owner, of), policies, cost: 1, constant: constantOf(policies, 1) };
  }
}

/** Undefined for policies of its own. */
function toNamed(rule: RateLimitRule): NamedRule | undefined {
  if (rule === undefined) return { policy: DEFAULT_NAME };
  if (typeof rule === 'string') return { policy: rule };
  return typeof rule === 'object' && rule !== null && 'policy' in rule ? rule : undefined;
}

function constantOf({ fixed, of }: PolicySource, cost: FromContext<number>): Asked | undefined {
  return of || typeof cost === 'function' ? undefined : { policies: fixed, cost };
}

/** A cost that is known now and could never pass is a mistake that is known now. */
function assertCost(cost: FromContext<number>, { fixed }: PolicySource): void {
  if (typeof cost !== 'function') resolvePolicies(fixed.map((policy) => ({ ...policy, cost: policy.cost ?? cost })));
}

/** Policies of its own belong to a handler, or to its class. */
function scopeOf(owner: Type, method: Handler | undefined): string {
  // two classes may have one name; their paths differ
  const path = String(Reflect.getMetadata(PATH_METADATA, owner) ?? '');
  return ['route', owner.name, path, ...(method ? [method.name] : [])].join(' ');
}

/** An interceptor takes 3 µs of every call: only those that have something to release at their end get this one. */
function intercept(handler: Handler): void {
  const interceptors: unknown[] = Reflect.getMetadata(INTERCEPTORS_METADATA, handler) ?? [];
  if (interceptors.includes(leaseInterceptor)) return;
  UseInterceptors(leaseInterceptor)({}, handler.name, { value: handler });
}

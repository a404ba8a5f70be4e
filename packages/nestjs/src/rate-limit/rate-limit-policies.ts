import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService, MetadataScanner, Reflector } from '@nestjs/core';
import { InvalidArgumentError } from '@redis-functions/core';
import { type Algorithm, type HeaderOptions, type Policy, resolvePolicies } from '@redis-functions/rate-limit';
import type { RedisFunctionsModuleOptions } from '../module/options.js';
import { MODULE_OPTIONS_TOKEN } from '../module/redis-functions.module-definition.js';
import { type RateLimitRule, RuleMetadata } from './metadata.js';

/** The named policies of the module. Checks every `@RateLimited()` of the application when it starts. */
@Injectable()
export class RateLimitPolicies implements OnModuleInit {
  /** Which header fields responses carry. */
  readonly headers: HeaderOptions;
  readonly #algorithm: Algorithm;
  readonly #named: ReadonlyMap<string, readonly Policy[]>;

  constructor(
    @Inject(MODULE_OPTIONS_TOKEN) { rateLimit }: RedisFunctionsModuleOptions,
    @Inject(DiscoveryService) private readonly discovery: DiscoveryService,
    @Inject(MetadataScanner) private readonly scanner: MetadataScanner,
    @Inject(Reflector) private readonly reflector: Reflector,
  ) {
    const named = Object.entries(rateLimit?.policies ?? {});
    this.#named = new Map(named.map(([name, policies]) => [name, toNamed(name, toList(policies))]));
    this.#algorithm = rateLimit?.algorithm ?? 'token-bucket';
    this.headers = rateLimit?.headers ?? {};
  }

  onModuleInit(): void {
    for (const policies of this.#named.values()) this.#validate(policies);
    for (const { instance, metatype } of [...this.discovery.getControllers(), ...this.discovery.getProviders()]) {
      if (typeof metatype !== 'function' || !instance) continue;
      const handlers = this.scanner.getAllMethodNames(metatype.prototype).map((name) => instance[name]);
      for (const target of [metatype, ...handlers]) {
        if (typeof target !== 'function') continue;
        const metadata = this.reflector.get(RuleMetadata, target);
        if (metadata) this.#check(metadata.rule, `${metatype.name}${target === metatype ? '' : `.${target.name}`}`);
      }
    }
  }

  /** The policies of a rule; none for the limiter's default. */
  resolve(rule: RateLimitRule): readonly Policy[] | undefined {
    if (rule === undefined) return undefined;
    if (typeof rule !== 'string') return toList(rule);
    return this.#named.get(rule);
  }

  /** @throws InvalidArgumentError, CostAboveCapacityError. */
  #validate(policies: readonly Policy[]): void {
    resolvePolicies(policies, this.#algorithm);
  }

  #check(rule: RateLimitRule, place: string): void {
    const policies = this.resolve(rule);
    if (typeof rule === 'string' && !policies) {
      const known = [...this.#named.keys()].map((name) => `"${name}"`).join(', ') || 'none';
      throw new InvalidArgumentError(
        'RateLimited',
        `${place} is limited by the policy "${rule}", and the module has no policy of that name (it has ${known}). ` +
          'Add it to "rateLimit.policies" in the options of RedisFunctionsModule.',
      );
    }
    if (policies) this.#validate(policies);
  }
}

function toList(policies: Policy | readonly Policy[]): readonly Policy[] {
  return Array.isArray(policies) ? policies : [policies as Policy];
}

/** A single policy without a name of its own has that of its entry, in headers and in its counter. */
function toNamed(name: string, policies: readonly Policy[]): readonly Policy[] {
  const [only] = policies;
  return only && policies.length === 1 ? [{ name, ...only }] : policies;
}

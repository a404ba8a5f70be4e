import { type Handle, InvalidArgumentError } from '@redis-functions/core';
import { type Connection, openConnection } from './connection.js';
import { type Decision, toDecision, undecided } from './decision.js';
import { toKeyTag, toPolicyKey } from './keys.js';
import { type Charge, rateLimiterLibrary } from './library.js';
import { LocalLimiter } from './local/local-limiter.js';
import { type Configuration, type RateLimiterOptions, resolveOptions } from './options.js';
import { OutageNotice } from './outage-notice.js';
import { assertAmount, assertWithinLimit, type Policy, type ResolvedPolicy, resolvePolicies } from './policy/policy.js';
import { Startup } from './startup.js';

export interface ConsumeOptions {
  /** Units to take: a whole number above 0. A policy with a `cost` of its own takes that instead. Default: 1. */
  cost?: number | undefined;
  /** Policies of this decision. Default: those of the limiter. */
  policies?: readonly Policy[] | undefined;
}

type Functions = Handle<typeof rateLimiterLibrary.functions>;

const ANSWERS = {
  local: 'this process does',
  allow: 'everything is allowed',
  deny: 'everything is refused',
} as const;

/**
 * Limits how often something may happen, for all processes that share a Redis. A refusal is an answer, not an error; and
 * there is an answer in bounded time whatever state Redis is in.
 */
export class RateLimiter {
  readonly #configuration: Configuration;
  readonly #connection: Connection;
  /** With the deadline of a decision. */
  readonly #hurried: Functions;
  /** With the deadline of the connection. */
  readonly #patient: Functions;
  readonly #local: LocalLimiter;
  readonly #startup: Startup;
  readonly #outage: OutageNotice;

  /** @throws InvalidArgumentError or CostAboveCapacityError that names the option. */
  constructor(options: RateLimiterOptions) {
    this.#configuration = resolveOptions(options);
    const { deadlineMs, startupMs, localCapacity, onError } = this.#configuration;
    this.#connection = openConnection(options);
    this.#hurried = this.#connection.functions.use(rateLimiterLibrary, { deadlineMs });
    this.#patient = this.#connection.functions.use(rateLimiterLibrary);
    this.#local = new LocalLimiter(localCapacity);
    this.#startup = new Startup(() => this.ready(), startupMs);
    this.#connection.onError(() => this.#startup.giveUp());
    this.#outage = new OutageNotice(onError);
  }

  /** The policies of decisions that bring none. */
  get policies(): readonly ResolvedPolicy[] {
    return this.#configuration.policies;
  }

  /**
   * Takes the cost from every policy, or, when one of them refuses, from none.
   *
   * @param key Who is limited: any text, such as an IP address or a user id.
   * @throws InvalidArgumentError for a key, cost or policy that cannot be; CostAboveCapacityError for a cost that could
   *   never pass. Never for a refusal, and never because of Redis.
   */
  consume(key: string, options: ConsumeOptions = {}): Promise<Decision> {
    return this.#decide(key, options, 'consume');
  }

  /** What `consume` would answer now. Takes nothing. */
  peek(key: string, options: ConsumeOptions = {}): Promise<Decision> {
    return this.#decide(key, options, 'peek');
  }

  /**
   * Gives the key all its units back.
   *
   * @throws InvalidArgumentError; UnavailableError when Redis was not reached: then only this process has forgotten.
   */
  async reset(key: string, { policies }: Pick<ConsumeOptions, 'policies'> = {}): Promise<void> {
    const keys = this.#charges(key, { policies }).map((charge) => charge.key);
    this.#local.reset(keys);
    await this.#patient.reset(keys);
  }

  /** Resolves when Redis can decide: connected, library there. Otherwise the first decision brings that about. */
  async ready(): Promise<void> {
    await this.#patient.peek(this.#charges('ready', {}));
  }

  /** Closes the connection where this limiter opened it, and no other limiter uses it. */
  close(): Promise<void> {
    return this.#connection.close();
  }

  async #decide(key: string, options: ConsumeOptions, operation: 'consume' | 'peek'): Promise<Decision> {
    const charges = this.#charges(key, options);
    if (!this.#startup.over) await this.#startup.wait();
    try {
      const verdict = await this.#hurried[operation](charges);
      this.#outage.over();
      return toDecision(charges, verdict, 'redis');
    } catch (error) {
      if (error instanceof InvalidArgumentError) throw error;
      const { onUnavailable } = this.#configuration;
      this.#outage.report(error as Error, ANSWERS[onUnavailable]);
      if (onUnavailable !== 'local') return undecided(charges, onUnavailable === 'allow');
      return toDecision(charges, this.#local[operation](charges), 'local');
    }
  }

  #charges(key: string, { cost = 1, policies }: ConsumeOptions): Charge[] {
    const { prefix, algorithm, policies: own } = this.#configuration;
    assertAmount('cost', cost);
    const tag = toKeyTag(key);
    const resolved = policies === undefined ? own : resolvePolicies(policies, algorithm);
    return resolved.map((policy) => {
      const charge = { key: toPolicyKey(prefix, tag, policy), policy, cost: policy.cost ?? cost };
      assertWithinLimit('cost', charge.cost, policy);
      return charge;
    });
  }
}

import { EventEmitter } from 'node:events';
import { type Duration, parseDuration } from '@redis-functions/core';
import { type Connection, openConnection } from './connection.js';
import { Decider } from './decider.js';
import { type Decision, type PolicyDecision, undecided } from './decision.js';
import { NOTHING_TAKEN, parseDecisionId } from './decision-id.js';
import { announce, isHeard, type RateLimiterEvents, tell } from './events.js';
import { toKeyTag } from './keys.js';
import { rateLimiterLibrary } from './library.js';
import { LocalLimiter } from './local/local-limiter.js';
import { Operations } from './operations.js';
import { type Configuration, type RateLimiterOptions, resolveOptions } from './options.js';
import { OutageNotice } from './outage-notice.js';
import { assertAmount, assertUnits, type Policy, type ResolvedPolicy, resolvePolicies } from './policy/policy.js';
import { type PolicySet, policySetOf } from './policy/policy-set.js';
import { Startup } from './startup.js';
import type { Subject } from './subject.js';

export interface PolicyOptions {
  /** Policies that this is about. Default: those of the limiter. */
  policies?: readonly Policy[] | undefined;
}

export interface PeekOptions extends PolicyOptions {
  /** Units to take: a whole number above 0. A policy with a `cost` of its own takes that instead. Default: 1. */
  cost?: number | undefined;
}

export interface ConsumeOptions extends PeekOptions {
  /** Gives the wait up when it aborts, and rejects with its reason. What is at Redis already is charged. */
  signal?: AbortSignal | undefined;
}

const ANSWERS = {
  local: 'this process does',
  allow: 'everything is allowed',
  deny: 'everything is refused',
} as const;

const LONGEST_TURN_MS = 20;

/** Not made anew for every decision. */
const NO_OPTIONS: ConsumeOptions = {};

/**
 * Limits how often something may happen, for all processes that share a Redis. A refusal is an answer, not an error; and
 * there is an answer in bounded time whatever state Redis is in. Emits `RateLimiterEvents`.
 */
export class RateLimiter extends EventEmitter<RateLimiterEvents> {
  readonly #configuration: Configuration;
  readonly #connection: Connection;
  readonly #own: PolicySet;
  readonly #decider: Decider;
  readonly #operations: Operations;
  readonly #local: LocalLimiter;
  readonly #startup: Startup;
  readonly #outage: OutageNotice;
  #turnedAt = 0;

  /** @throws InvalidArgumentError or CostAboveCapacityError that names the option. */
  constructor(options: RateLimiterOptions) {
    super();
    this.#configuration = resolveOptions(options);
    const { policies, prefix, startupMs, localCapacity, instances, onError } = this.#configuration;
    this.#own = policySetOf(policies);
    this.#connection = openConnection(options);
    const { functions } = this.#connection;
    this.#local = new LocalLimiter(localCapacity, instances);
    this.#startup = new Startup(() => this.ready(), startupMs);
    this.#connection.onError(() => this.#startup.giveUp());
    this.#outage = new OutageNotice(onError);
    this.#decider = new Decider({
      functions,
      configuration: this.#configuration,
      isHeard: () => isHeard(this),
      decided: (decision) => announce(this, decision, this.#configuration.nearLimit),
      redisDecided: () => this.#outage.over(),
      fallback: (...args) => this.#fallBack(...args),
      circuitChanged: (state, server) => tell(() => this.emit('circuit', state, server)),
    });
    this.#operations = new Operations({
      calls: functions.use(rateLimiterLibrary),
      local: this.#local,
      prefix,
      forget: (tag) => this.#decider.forget(tag),
    });
  }

  /** The policies of decisions that bring none. */
  get policies(): readonly ResolvedPolicy[] {
    return this.#own.policies;
  }

  /**
   * Takes the cost from every policy, or, when one of them refuses, from none.
   *
   * @param key Who is limited: any text, such as an IP address or a user id.
   * @throws InvalidArgumentError for a key, cost or policy that cannot be; CostAboveCapacityError for a cost that could
   *   never pass; the signal's reason. Never for a refusal, and never because of Redis.
   */
  consume(key: string, options: ConsumeOptions = NO_OPTIONS): Promise<Decision> {
    try {
      const { cost = 1, signal } = options;
      const subject = this.#costing(key, options, cost);
      if (this.#startup.over) return this.#decide(subject, cost, signal);
      return this.#startup.wait().then(() => this.#decide(subject, cost, signal));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * `consume` where nothing has to be waited for: a refusal that still holds, or any decision while Redis is known not to
   * answer. Undefined, and nothing is taken, where Redis has to be asked. For those who would rather answer at once than
   * make a promise.
   *
   * @throws As `consume`.
   */
  decideAtOnce(key: string, options: PeekOptions = {}): Decision | undefined {
    if (!this.#startup.over) return undefined;
    const { cost = 1 } = options;
    return this.#decider.decideAtOnce(this.#costing(key, options, cost), cost);
  }

  /** What `consume` would answer now. Takes nothing. @throws As `consume`. */
  async peek(key: string, options: PeekOptions = {}): Promise<Decision> {
    const { cost = 1 } = options;
    const subject = this.#costing(key, options, cost);
    if (!this.#startup.over) await this.#startup.wait();
    return this.#decider.peek(subject, cost);
  }

  /**
   * Says what a decision that passed really cost: gives units back to its policies, or takes more of them, never below
   * empty. Once per decision, however often and from wherever it is called. Policies with a cost of their own keep it,
   * except for 0, which gives everything back. What has been refilled meanwhile is not given back again.
   *
   * @param cost Units: 0 or more.
   * @returns False where there is nothing to settle: settled before, refused, or decided by nobody.
   * @throws InvalidArgumentError; UnavailableError when Redis was not reached: repeating it does no harm.
   */
  async settle(decision: Decision, cost: number): Promise<boolean> {
    assertUnits('cost', cost);
    const charged = chargedPolicies(decision);
    if (charged.length === 0) return false;
    return this.#operations.settle(decision, this.#subject(decision.key, { policies: charged }), cost);
  }

  /**
   * Ends the leases that a decision holds of `concurrency` policies; does nothing to policies of other kinds. A lease
   * that nobody releases ends after the window of its policy.
   *
   * @throws InvalidArgumentError; UnavailableError when Redis was not reached: repeating it does no harm.
   */
  async release(decision: Decision): Promise<void> {
    const leased = chargedPolicies(decision).filter(({ algorithm }) => algorithm === 'concurrency');
    if (leased.length === 0) return;
    await this.#operations.release(decision, this.#subject(decision.key, { policies: leased }));
  }

  /**
   * Takes units without asking, never below empty. Not of `concurrency` policies, and not while the key is blocked.
   *
   * @param points A whole number above 0.
   * @returns What `peek` would say after it. @throws InvalidArgumentError, UnavailableError.
   */
  async penalty(key: string, points = 1, options: PolicyOptions = {}): Promise<Decision> {
    assertAmount('points', points);
    return this.#operations.change(this.#subject(key, options), 'take', points);
  }

  /** Gives units back, never above full; else as `penalty`. */
  async reward(key: string, points = 1, options: PolicyOptions = {}): Promise<Decision> {
    assertAmount('points', points);
    return this.#operations.change(this.#subject(key, options), 'give', points);
  }

  /** Makes it so that this many units are in use, at most all; else as `penalty`. @param used 0 or more. */
  async set(key: string, used: number, options: PolicyOptions = {}): Promise<Decision> {
    assertUnits('used', used);
    return this.#operations.change(this.#subject(key, options), 'set', used);
  }

  /**
   * Refuses everything of the key for that long; afterwards it starts afresh.
   *
   * @throws InvalidArgumentError; UnavailableError when Redis was not reached: then only this process refuses, and only
   *   while Redis is away.
   */
  async block(key: string, duration: Duration, options: PolicyOptions = {}): Promise<void> {
    await this.#operations.block(this.#subject(key, options), parseDuration('duration', duration));
  }

  /** Ends a block, by `block()` or by a policy, and forgets how often there were any. @throws As `block`. */
  async unblock(key: string, options: PolicyOptions = {}): Promise<void> {
    await this.#operations.unblock(this.#subject(key, options));
  }

  /**
   * Gives the key all its units back, and ends blocks and leases.
   *
   * @throws InvalidArgumentError; UnavailableError when Redis was not reached: then only this process has forgotten.
   */
  async reset(key: string, options: PolicyOptions = {}): Promise<void> {
    await this.#operations.reset(this.#subject(key, options));
  }

  /** Resolves when Redis can decide: connected, library there. Otherwise the first decision brings that about. */
  async ready(): Promise<void> {
    await this.#operations.peek(this.#subject('ready', {}));
  }

  /** Stops asking for a server that was away, and closes the connection where no other limiter uses it. */
  async close(): Promise<void> {
    this.#decider.stop();
    await this.#connection.close();
  }

  #decide(subject: Subject, cost: number, signal: AbortSignal | undefined): Promise<Decision> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    const decision = this.#decider.decideAtOnce(subject, cost);
    if (decision === undefined) return this.#decider.decide(subject, cost, signal);
    return decision.source === 'deny-cache' ? Promise.resolve(decision) : this.#inTurn(decision);
  }

  /**
   * Somebody who does nothing but ask would keep the event loop from turning, and so from ever hearing that the server is
   * back: now and then the answer comes a turn later.
   */
  #inTurn(decision: Decision): Promise<Decision> {
    const now = performance.now();
    if (now - this.#turnedAt < LONGEST_TURN_MS) return Promise.resolve(decision);
    this.#turnedAt = now;
    return new Promise((resolve) => {
      setImmediate(() => resolve(decision));
    });
  }

  #fallBack(subject: Subject, cost: number, error: Error, operation: 'consume' | 'peek'): Decision {
    const { onUnavailable, nearLimit } = this.#configuration;
    this.#outage.report(error, ANSWERS[onUnavailable]);
    const { key, set } = subject;
    const decision =
      onUnavailable === 'local'
        ? this.#local[operation](subject, cost)
        : undecided(NOTHING_TAKEN, key, set, cost, onUnavailable === 'allow');
    if (this.listenerCount('fallback') > 0) tell(() => this.emit('fallback', decision, error));
    if (operation === 'consume' && isHeard(this)) announce(this, decision, nearLimit);
    return decision;
  }

  #costing(key: string, options: PeekOptions, cost: number): Subject {
    if (cost !== 1) assertAmount('cost', cost);
    const subject = this.#subject(key, options);
    subject.set.assertCost(cost);
    return subject;
  }

  #subject(key: string, { policies }: PolicyOptions): Subject {
    const set =
      policies === undefined ? this.#own : policySetOf(resolvePolicies(policies, this.#configuration.algorithm));
    return { key, tag: toKeyTag(key), set };
  }
}

/** The policies that a decision has taken units of. */
function chargedPolicies(decision: Decision): Policy[] {
  const { at } = parseDecisionId(decision?.id);
  if (at === 0 || !decision.allowed || decision.source === 'unavailable') return [];
  return decision.policies.filter(({ allowed }) => allowed).map(toPolicy);
}

function toPolicy({ name, limit, windowMs, algorithm }: PolicyDecision): Policy {
  return { name, limit, window: windowMs, algorithm };
}

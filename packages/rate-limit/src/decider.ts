import { FunctionCallError, type Handle, onAbort, type RedisFunctions, UnavailableError } from '@redis-functions/core';
import { readAnswers } from './batch/answers.js';
import type { Batch, Group, Waiter } from './batch/batch.js';
import { Batcher } from './batch/batcher.js';
import { Circuit } from './circuit.js';
import { type Decision, toDecision } from './decision.js';
import { NOTHING_TAKEN } from './decision-id.js';
import { DenyCache } from './deny-cache.js';
import { toKeys } from './keys.js';
import { rateLimiterLibrary } from './library.js';
import type { Configuration } from './options.js';
import { type PolicySet, peekArgs } from './policy/policy-set.js';
import type { Subject } from './subject.js';
import { statesOf } from './verdict.js';

export interface DeciderParts {
  readonly functions: RedisFunctions;
  readonly configuration: Configuration;
  /** Somebody wants to be told of decisions. */
  isHeard(): boolean;
  /** A decision was made, and somebody wants to be told. */
  decided(decision: Decision): void;
  /** Redis is there. */
  redisDecided(): void;
  /** Decides without Redis, and says so. */
  fallback(subject: Subject, cost: number, error: Error, operation: 'consume' | 'peek'): Decision;
  circuitChanged(state: 'open' | 'closed', server: string): void;
}

/** The way of a decision: refused a moment ago? server away? else with all others of this moment to Redis. */
export class Decider {
  readonly #parts: DeciderParts;
  readonly #calls: Handle<typeof rateLimiterLibrary.functions>;
  readonly #batcher: Batcher<Decision>;
  readonly #denials: DenyCache | undefined;
  readonly #circuits = new Map<string, Circuit>();
  #isStopped = false;
  /** Why the circuits are open, to tell those whose decisions do not wait. */
  #reason = new Error('Redis does not answer.');

  constructor(parts: DeciderParts) {
    this.#parts = parts;
    const { functions, configuration } = parts;
    const { deadlineMs, prefix, denyCache } = configuration;
    this.#calls = functions.use(rateLimiterLibrary, { deadlineMs });
    this.#denials = denyCache === false ? undefined : new DenyCache(denyCache);
    this.#batcher = new Batcher<Decision>({
      deadlineMs,
      address: functions.address,
      send: (batch) => this.#calls.decide(batch.encode(prefix)),
      answered: (batch, reply) => this.#answered(batch, reply),
      failed: (batch, error) => this.#failed(batch, error as Error),
    });
  }

  /** What needs no waiting: a refusal that still holds, or a decision for which the server would only be waited for. */
  decideAtOnce(subject: Subject, cost: number): Decision | undefined {
    const denial = this.#denials?.find(subject.set, subject.tag, cost);
    if (denial === undefined) return this.#withoutServer(subject, cost, 'consume');
    if (this.#parts.isHeard()) this.#parts.decided(denial);
    return denial;
  }

  decide({ key, tag, set }: Subject, cost: number, signal: AbortSignal | undefined): Promise<Decision> {
    return new Promise((resolve, reject) => {
      const waiter: Waiter<Decision> = { key, set, tag, cost, resolve, reject, abandoned: false };
      this.#batcher.add(this.#slotOf(tag), waiter);
      if (signal) abandonOnAbort(signal, waiter);
    });
  }

  /** What `decide` would answer now. */
  async peek(subject: Subject, cost: number): Promise<Decision> {
    const { key, tag, set } = subject;
    const atOnce = this.#withoutServer(subject, cost, 'peek');
    if (atOnce !== undefined) return atOnce;
    try {
      const reply = await this.#peek(set, tag, cost);
      return toDecision(NOTHING_TAKEN, key, set, cost, statesOf(reply), 'redis');
    } catch (error) {
      if (error instanceof UnavailableError) this.#open(this.#slotOf(tag), set, tag, error);
      return this.#parts.fallback(subject, cost, error as Error, 'peek');
    }
  }

  /** The client may have room again. */
  forget(tag: string): void {
    this.#denials?.forget(tag);
  }

  /** Looks no more for servers that were away. */
  stop(): void {
    this.#isStopped = true;
    for (const circuit of this.#circuits.values()) circuit.stop();
  }

  #withoutServer(subject: Subject, cost: number, operation: 'consume' | 'peek'): Decision | undefined {
    if (this.#circuits.size === 0) return undefined;
    if (!this.#circuits.get(this.#serverOf(this.#slotOf(subject.tag)))?.isOpen) return undefined;
    return this.#parts.fallback(subject, cost, this.#reason, operation);
  }

  #slotOf(tag: string): number {
    return this.#parts.functions.slotOf(`{${tag}}`);
  }

  #serverOf(slot: number): string {
    return this.#parts.functions.nodeOf(slot);
  }

  #answered(batch: Batch<Decision>, reply: readonly number[]): void {
    this.#parts.redisDecided();
    const isHeard = this.#parts.isHeard();
    readAnswers(batch, reply, {
      decided: ({ set, tag, cost }, waiter, decision) => {
        if (!decision.allowed && set.isCacheable) this.#denials?.add(set, tag, cost, decision);
        if (isHeard) this.#parts.decided(decision);
        waiter.resolve(decision);
      },
      unanswered: (group) => this.#fallBack(group.waiters, foreignKey(group)),
    });
  }

  #failed(batch: Batch<Decision>, error: Error): void {
    const [{ set, tag } = {}] = batch.groups;
    if (set && tag !== undefined && error instanceof UnavailableError) this.#open(batch.slot, set, tag, error);
    for (const { waiters } of batch.groups) this.#fallBack(waiters, error);
  }

  #fallBack(waiters: readonly Waiter<Decision>[], error: Error): void {
    for (const waiter of waiters) {
      if (!waiter.abandoned) waiter.resolve(this.#parts.fallback(waiter, waiter.cost, error, 'consume'));
    }
  }

  #open(slot: number, set: PolicySet, tag: string, error: Error): void {
    const server = this.#serverOf(slot);
    let circuit = this.#circuits.get(server);
    if (circuit === undefined) {
      circuit = new Circuit(() => this.#parts.circuitChanged('closed', server));
      this.#circuits.set(server, circuit);
      if (this.#isStopped) circuit.stop();
    }
    this.#reason = error;
    // reads the client's buckets, and so their server, without changing them
    if (!circuit.open(() => this.#peek(set, tag, 1))) return;
    this.#parts.circuitChanged('open', server);
    // nobody waits for a server that is known not to answer
    this.#fallBack(
      this.#batcher.takeWaiting((slot) => this.#serverOf(slot) === server),
      error,
    );
  }

  #peek(set: PolicySet, tag: string, cost: number): Promise<readonly number[]> {
    return this.#calls.peek({ keys: toKeys(this.#parts.configuration.prefix, tag, set), args: peekArgs(set, cost) });
  }
}

function abandonOnAbort(signal: AbortSignal, waiter: Waiter<Decision>): void {
  const stopListening = onAbort(signal, () => {
    waiter.abandoned = true;
    waiter.reject(signal.reason);
  });
  const { resolve } = waiter;
  waiter.resolve = (decision) => {
    stopListening();
    resolve(decision);
  };
}

function foreignKey({ tag }: Group<Decision>): Error {
  return new FunctionCallError(
    'INVALID_STATE',
    `A key of "${tag.slice(0, 80)}" holds something else than the state of a rate limit. Use another prefix, or delete the key.`,
    { library: rateLimiterLibrary.name, functionName: 'ratelimiter_decide', line: undefined },
  );
}

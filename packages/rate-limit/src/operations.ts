import type { Handle } from '@redis-functions/core';
import { type Decision, toDecision } from './decision.js';
import { NOTHING_TAKEN, parseDecisionId } from './decision-id.js';
import { toKeys } from './keys.js';
import type { rateLimiterLibrary } from './library.js';
import type { LocalLimiter } from './local/local-limiter.js';
import { ALGORITHM_CODES } from './policy/algorithm.js';
import { type PolicySet, peekArgs } from './policy/policy-set.js';
import type { Subject } from './subject.js';
import { statesOf } from './verdict.js';

export interface OperationsParts {
  /** With the deadline of the connection: what these do must not be lost for a moment's sake. */
  readonly calls: Handle<typeof rateLimiterLibrary.functions>;
  readonly local: LocalLimiter;
  readonly prefix: string;
  /** A refusal of this client may be out of date. */
  forget(tag: string): void;
}

/** All that is done to limits beside deciding. Each does it in this process too, for decisions while Redis is away. */
export class Operations {
  readonly #parts: OperationsParts;

  constructor(parts: OperationsParts) {
    this.#parts = parts;
  }

  /** Asks for the client's state, with all the patience that these have. */
  async peek({ tag, set }: Subject): Promise<void> {
    await this.#parts.calls.peek({ keys: toKeys(this.#parts.prefix, tag, set), args: peekArgs(set, 1) });
  }

  async settle(decision: Decision, subject: Subject, cost: number): Promise<boolean> {
    const { calls, local, prefix } = this.#parts;
    const { at, lease } = parseDecisionId(decision.id);
    const charged = decision.policies.filter(({ allowed }) => allowed);
    const costs = charged.map(({ cost: own, fixedCost }) => (fixedCost && cost > 0 ? own : cost));
    if (decision.source === 'local') {
      if (!local.markSettled(decision.id)) return false;
      local.change(subject, (counter, index) => {
        const { cost: before = 0, resetAfterMs = 0 } = charged[index] ?? {};
        const more = (costs[index] ?? 0) - before;
        if (more > 0) counter.takeAtMost(more);
        if (more < 0) counter.undo(-more, at, resetAfterMs * 1_000);
      });
      return true;
    }
    const { set, tag } = subject;
    const settled = await calls.settle({
      keys: [`${prefix}:{${tag}}:settled:${lease}`, ...toKeys(prefix, tag, set)],
      args: [
        String(at),
        ...charged.flatMap(({ cost: before, resetAfterMs }, index) => [
          ...set.kinds.slice(3 * index, 3 * index + 3),
          String(before),
          String(costs[index]),
          String(resetAfterMs),
        ]),
      ],
    });
    this.#parts.forget(tag);
    return settled;
  }

  async release({ id, source }: Decision, subject: Subject): Promise<void> {
    const { calls, local, prefix } = this.#parts;
    const { lease } = parseDecisionId(id);
    if (source === 'local') local.change(subject, (counter) => counter.release(lease));
    else await calls.release({ keys: leaseKeys(prefix, subject), args: [lease] });
  }

  async change(subject: Subject, operation: 'take' | 'give' | 'set', units: number): Promise<Decision> {
    const { calls, local, prefix, forget } = this.#parts;
    const { key, tag, set } = subject;
    local.change(subject, (counter) => {
      if (operation === 'set') counter.give(Number.MAX_SAFE_INTEGER);
      if (operation === 'give') counter.give(units);
      else counter.takeAtMost(units);
    });
    forget(tag);
    const reply = await calls.change({
      keys: toKeys(prefix, tag, set),
      args: [operation, String(units), ...set.kinds],
    });
    forget(tag);
    return toDecision(NOTHING_TAKEN, key, set, 1, statesOf(reply), 'redis');
  }

  async block(subject: Subject, ms: number): Promise<void> {
    const { calls, local, prefix } = this.#parts;
    local.change(subject, (counter) => counter.blockFor(ms));
    await calls.block({ keys: toKeys(prefix, subject.tag, subject.set), args: [String(ms), ...codesOf(subject.set)] });
  }

  async unblock(subject: Subject): Promise<void> {
    const { calls, local, prefix, forget } = this.#parts;
    local.change(subject, (counter) => counter.unblock());
    await calls.unblock({ keys: toKeys(prefix, subject.tag, subject.set), args: codesOf(subject.set) });
    forget(subject.tag);
  }

  async reset(subject: Subject): Promise<void> {
    const { calls, local, prefix, forget } = this.#parts;
    local.reset(subject);
    forget(subject.tag);
    await calls.reset(toKeys(prefix, subject.tag, subject.set));
    forget(subject.tag);
  }
}

function codesOf({ policies }: PolicySet): string[] {
  return policies.map(({ algorithm }) => ALGORITHM_CODES[algorithm].code);
}

function leaseKeys(prefix: string, { tag, set }: Subject): string[] {
  return toKeys(prefix, tag, set).filter((key) => key.endsWith(`:${ALGORITHM_CODES.concurrency.second}`));
}

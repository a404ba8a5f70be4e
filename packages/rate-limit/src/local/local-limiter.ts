import { type Decision, toDecision } from '../decision.js';
import { NOTHING_TAKEN, toDecisionId } from '../decision-id.js';
import type { ResolvedPolicy } from '../policy/policy.js';
import { PolicySet } from '../policy/policy-set.js';
import { processId } from '../process-id.js';
import type { Subject } from '../subject.js';
import { Counter } from './counter.js';
import { CounterStore } from './counter-store.js';
import { RecentIds } from './recent-ids.js';

const SETTLED_REMEMBERED = 10_000;

interface Opened {
  readonly key: string;
  readonly policy: ResolvedPolicy;
  readonly counter: Counter;
  readonly size: number;
}

/** The same limits within this process, for the time that Redis is away. What it holds is bounded. */
export class LocalLimiter {
  readonly #counters: CounterStore;
  readonly #instances: number;
  readonly #shares = new WeakMap<PolicySet, PolicySet>();
  readonly #settled = new RecentIds(SETTLED_REMEMBERED);
  #decisions = 0;

  /**
   * @param capacity Counters it holds at most, each entry of a sliding log and each lease for one.
   * @param instances Processes that share the limits.
   */
  constructor(capacity: number, instances: number) {
    this.#counters = new CounterStore(capacity);
    this.#instances = instances;
  }

  consume(subject: Subject, cost: number): Decision {
    const lease = this.#nextLease();
    const share = this.#shareOf(subject.set);
    const now = clock();
    const opened = this.#open(subject, share, now);
    // a cost that fits into the whole limit and not into this process's share takes the whole share
    const costOf = ({ cost: own, limit }: ResolvedPolicy) => Math.min(own ?? cost, limit);
    const waits = opened.map(({ counter, policy }) => counter.wait(costOf(policy)));
    const refused = opened.some(({ policy }, index) => !policy.shadow && (waits[index] as number) > 0);
    // said of the moment before it was charged where it was refused, of the one after it where it passed
    const states = opened.map(({ counter, policy }, index) => {
      const refuses = (waits[index] as number) > 0;
      if (refuses) counter.refuse(policy);
      else if (!refused) counter.take(costOf(policy), lease);
      const state = counter.state(costOf(policy));
      return refuses ? state : { ...state, retryAfterMs: 0 };
    });
    this.#keep(opened);
    return toDecision(toDecisionId(now, lease), subject.key, share, cost, states, 'local');
  }

  peek(subject: Subject, cost: number): Decision {
    const share = this.#shareOf(subject.set);
    const now = clock();
    const states = this.#open(subject, share, now).map(({ counter, policy }) =>
      counter.state(Math.min(policy.cost ?? cost, policy.limit)),
    );
    return toDecision(NOTHING_TAKEN, subject.key, share, cost, states, 'local');
  }

  /** Changes every counter of a client. */
  change(subject: Subject, work: (counter: Counter, index: number) => void): void {
    const opened = this.#open(subject, this.#shareOf(subject.set), clock());
    for (const [index, { counter }] of opened.entries()) work(counter, index);
    this.#keep(opened);
  }

  /** @returns False where that was done before. */
  markSettled(id: string): boolean {
    return this.#settled.add(id);
  }

  reset({ tag, set }: Subject): void {
    for (const key of localKeys(tag, set)) this.#counters.delete(key);
  }

  #open({ tag, set }: Subject, share: PolicySet, now: number): Opened[] {
    const keys = localKeys(tag, set);
    return share.policies.map((policy, index) => {
      const key = keys[index] as string;
      const counter = this.#counters.get(key) ?? new Counter(policy);
      const { size } = counter;
      counter.open(policy, now);
      return { key, policy, counter, size };
    });
  }

  #keep(opened: readonly Opened[]): void {
    for (const { key, counter, size } of opened) this.#counters.keep(key, counter, size);
  }

  #nextLease(): string {
    return `${processId}.local${(this.#decisions++).toString(36)}`;
  }

  #shareOf(set: PolicySet): PolicySet {
    if (this.#instances === 1) return set;
    let share = this.#shares.get(set);
    if (!share) {
      const limitOf = (limit: number) => Math.max(1, Math.floor(limit / this.#instances));
      share = new PolicySet(set.policies.map((policy) => ({ ...policy, limit: limitOf(policy.limit) })));
      this.#shares.set(set, share);
    }
    return share;
  }
}

function localKeys(tag: string, set: PolicySet): string[] {
  return set.policies.map(({ name, algorithm }) => `${tag} ${name} ${algorithm}`);
}

/** In µs since 1970, and steady: a clock that is set must not stop or free anybody. */
function clock(): number {
  return Math.round((performance.timeOrigin + performance.now()) * 1_000);
}

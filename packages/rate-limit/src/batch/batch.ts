import { pushKeys } from '../keys.js';
import type { PolicySet } from '../policy/policy-set.js';

/** One decision that somebody waits for. */
export interface Waiter<Result> {
  readonly key: string;
  readonly set: PolicySet;
  readonly tag: string;
  readonly cost: number;
  resolve(result: Result): void;
  reject(error: unknown): void;
  /** Nobody waits any more: it must not be charged if it has not been sent. */
  abandoned: boolean;
}

/** Alike decisions of one client: one question, one access to each bucket, answered in the order of arrival. */
export interface Group<Result> {
  readonly set: PolicySet;
  readonly tag: string;
  readonly cost: number;
  readonly waiters: Waiter<Result>[];
}

/** Decisions that go to Redis in one call. */
export class Batch<Result> {
  /** Names it among all batches of all processes: part of its decisions' ids and leases. */
  readonly id: string;
  /** Where all its keys are. */
  readonly slot: number;
  readonly groups: Group<Result>[] = [];
  #repeats = false;

  constructor(id: string, slot: number, waiters: readonly Waiter<Result>[]) {
    this.id = id;
    this.slot = slot;
    const lastOf = new Map<string, Group<Result>>();
    for (const waiter of waiters) {
      if (waiter.abandoned) continue;
      const { set, tag, cost } = waiter;
      const last = lastOf.get(tag);
      // only with the client's last group: past another one, the order of arrival would be lost
      if (last !== undefined && last.set === set && last.cost === cost && set.merges) {
        last.waiters.push(waiter);
        continue;
      }
      if (last !== undefined) this.#repeats = true;
      const group = { set, tag, cost, waiters: [waiter] };
      this.groups.push(group);
      lastOf.set(tag, group);
    }
  }

  /** The lease of a decision's concurrency policies, and the greater part of its id. */
  leaseOf(index: number): string {
    return `${this.id}.${index}`;
  }

  /** Keys and arguments of `ratelimiter_decide`: alike groups that follow each other are told of once. */
  encode(prefix: string): { keys: string[]; args: string[] } {
    const keys: string[] = [];
    const sets: PolicySet[] = [];
    const runs: string[] = [];
    for (let index = 0; index < this.groups.length; ) {
      const { set, cost, waiters } = this.groups[index] as Group<Result>;
      const first = index;
      const leases: string[] = [];
      for (let next = this.groups[index]; next; next = this.groups[++index]) {
        if (next.set !== set || next.cost !== cost || next.waiters.length !== waiters.length) break;
        pushKeys(keys, prefix, next.tag, set);
        if (set.hasLeases) leases.push(this.leaseOf(index));
      }
      let number = sets.indexOf(set) + 1;
      if (number === 0) number = sets.push(set);
      runs.push(`${index - first} ${number} ${waiters.length} ${cost}`, ...leases);
    }
    const args = [String(sets.length), this.#repeats ? '1' : '0'];
    for (const { text } of sets) args.push(text);
    for (const run of runs) args.push(run);
    return { keys, args };
  }
}

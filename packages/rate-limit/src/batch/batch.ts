import type { Lease } from '@redis-functions/core';
import { pushKeys } from '../keys.js';
import type { PolicySet } from '../policy/policy-set.js';

/** One decision that somebody waits for. */
export interface Waiter<Result> {
  readonly key: string;
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
  /** Without an id of the process two of them would use one lease. */
  readonly id: string;
  /** Where all its keys are. */
  readonly slot: number;
  readonly groups: Group<Result>[] = [];
  /** Ends the wait of its first decision, and so of all. */
  lease: Lease | undefined;
  hasAbandoned = false;
  #repeats = false;
  readonly #last = new Map<string, Group<Result>>();

  constructor(id: string, slot: number) {
    this.id = id;
    this.slot = slot;
  }

  add(set: PolicySet, tag: string, cost: number, waiter: Waiter<Result>): void {
    const last = this.#last.get(tag);
    // only with the client's last group: past another one, the order of arrival would be lost
    if (last !== undefined && last.set === set && last.cost === cost && set.merges) {
      last.waiters.push(waiter);
      return;
    }
    if (last !== undefined) this.#repeats = true;
    const group = { set, tag, cost, waiters: [waiter] };
    this.groups.push(group);
    this.#last.set(tag, group);
  }

  /** Lets those go that nobody waits for. True where nobody is left. */
  dropAbandoned(): boolean {
    if (!this.hasAbandoned) return false;
    const kept = this.groups.filter((group) => {
      const waiting = group.waiters.filter(({ abandoned }) => !abandoned);
      group.waiters.splice(0, group.waiters.length, ...waiting);
      return waiting.length > 0;
    });
    this.groups.splice(0, this.groups.length, ...kept);
    return kept.length === 0;
  }

  /** The lease of a decision's concurrency policies, and the greater part of its id. */
  leaseOf(index: number): string {
    return `${this.id}.${index}`;
  }

  /** Keys and arguments of `ratelimiter_decide`: alike groups that follow each other are told of once. */
  encode(prefix: string): { keys: string[]; args: string[] } {
    const keys: string[] = [];
    const sets = new Map<PolicySet, number>();
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
      let number = sets.get(set);
      if (number === undefined) {
        number = sets.size + 1;
        sets.set(set, number);
      }
      runs.push(`${index - first} ${number} ${waiters.length} ${cost}`, ...leases);
    }
    const args = [String(sets.size), this.#repeats ? '1' : '0'];
    for (const { text } of sets.keys()) args.push(text);
    for (const run of runs) args.push(run);
    return { keys, args };
  }
}

import type { Decision } from './decision.js';
import type { PolicySet } from './policy/policy-set.js';

export interface DenyCacheOptions {
  /** Refusals it holds at most; the longest unused go first. Default: 10,000. */
  capacity?: number;
  /** The longest that a refusal is repeated without asking Redis again, in milliseconds. Default: 1000. */
  maxAgeMs?: number;
}

interface Denial {
  readonly decision: Decision;
  readonly refusedAt: number;
  /** Asked again from then on. */
  readonly staleAt: number;
}

/**
 * Refusals that hold for some time, so that a client that goes on asking is refused here. Bounded in number by two
 * generations: what is asked for moves to the young one, and when that is full, the old one goes.
 */
export class DenyCache {
  readonly #half: number;
  readonly #maxAgeMs: number;
  #young = new Map<string, Map<string, Denial>>();
  #old = new Map<string, Map<string, Denial>>();
  #youngSize = 0;

  constructor({ capacity, maxAgeMs }: Required<DenyCacheOptions>) {
    this.#half = Math.max(1, capacity / 2);
    this.#maxAgeMs = maxAgeMs;
  }

  /** The refusal as of now; undefined where Redis has to be asked. */
  find(set: PolicySet, tag: string, cost: number): Decision | undefined {
    const question = questionOf(set, cost);
    let denial = this.#young.get(tag)?.get(question);
    if (denial === undefined) {
      denial = this.#old.get(tag)?.get(question);
      if (denial === undefined) return undefined;
      this.#keep(tag, question, denial);
    }
    const now = performance.now();
    if (now >= denial.staleAt) return undefined;
    return since(denial.decision, now - denial.refusedAt);
  }

  add(set: PolicySet, tag: string, cost: number, decision: Decision): void {
    const refusedAt = performance.now();
    const staleAt = refusedAt + Math.min(decision.retryAfterMs, this.#maxAgeMs);
    this.#keep(tag, questionOf(set, cost), { decision, refusedAt, staleAt });
  }

  /** The client may have room again. */
  forget(tag: string): void {
    this.#youngSize -= this.#young.get(tag)?.size ?? 0;
    this.#young.delete(tag);
    this.#old.delete(tag);
  }

  #keep(tag: string, question: string, denial: Denial): void {
    let denials = this.#young.get(tag);
    if (denials === undefined) {
      denials = new Map();
      this.#young.set(tag, denials);
    }
    if (!denials.has(question)) this.#youngSize += 1;
    denials.set(question, denial);
    if (this.#youngSize <= this.#half) return;
    this.#old = this.#young;
    this.#young = new Map();
    this.#youngSize = 0;
  }
}

/** A refusal of 5 says nothing about 1, and one by other limits nothing about these. */
function questionOf(set: PolicySet, cost: number): string {
  return cost === 1 ? set.id : `${cost} of ${set.id}`;
}

/** The refusal, so many milliseconds later. */
function since(decision: Decision, ms: number): Decision {
  const policies = decision.policies.map((policy) => ({
    ...policy,
    retryAfterMs: later(policy.retryAfterMs, ms),
    resetAfterMs: later(policy.resetAfterMs, ms),
  }));
  return {
    ...decision,
    retryAfterMs: later(decision.retryAfterMs, ms),
    resetAfterMs: later(decision.resetAfterMs, ms),
    source: 'deny-cache',
    policies,
  };
}

/** What was refused stays refused: 1 ms is the least. */
function later(waitMs: number, passedMs: number): number {
  return waitMs === 0 ? 0 : Math.max(1, Math.ceil(waitMs - passedMs));
}

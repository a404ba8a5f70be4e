import type { ResolvedPolicy } from '../policy/policy.js';
import type { PolicyState } from '../verdict.js';
import { Concurrency } from './concurrency.js';
import type { Meter } from './meter.js';
import { METERS } from './meters.js';

/** One policy for one client: what its algorithm says, and whether the client is blocked. Times in µs. */
export class Counter {
  #meter: Meter;
  readonly #policy: ResolvedPolicy;
  #now = 0;
  #blockedUntil = 0;
  #timesBlocked = 0;
  #forgottenAt = 0;

  constructor(policy: ResolvedPolicy) {
    this.#policy = policy;
    this.#meter = new METERS[policy.algorithm]();
  }

  get size(): number {
    return this.#meter.size;
  }

  get isBlocked(): boolean {
    return this.#blockedUntil > this.#now;
  }

  open({ limit, window, aligned }: ResolvedPolicy, now: number): void {
    this.#now = now;
    if (this.#forgottenAt <= now && !this.isBlocked) this.#timesBlocked = 0;
    this.#meter.open(limit, window * 1_000, now, aligned);
  }

  wait(cost: number): number {
    return this.isBlocked ? this.#blockedUntil - this.#now : this.#meter.wait(cost);
  }

  take(units: number, lease: string): void {
    this.#meter.take(units, lease);
  }

  /** Takes without asking, never below empty. */
  takeAtMost(units: number): void {
    if (this.isBlocked || this.#meter instanceof Concurrency) return;
    const taken = Math.min(units, this.#meter.left());
    if (taken > 0) this.#meter.take(taken, '');
  }

  give(units: number): void {
    if (!this.isBlocked) this.#meter.give(units);
  }

  undo(units: number, at: number, freeAfter: number): void {
    if (!this.isBlocked) this.#meter.undo(units, at, freeAfter);
  }

  release(lease: string): void {
    if (this.#meter instanceof Concurrency) this.#meter.release(lease);
  }

  /** It has refused: where its policy blocks, for how long is how often it has done so before. */
  refuse(policy: ResolvedPolicy): void {
    const { block } = policy;
    if (!block || (this.isBlocked && !block.extend)) return;
    const times = this.isBlocked ? Math.max(0, this.#timesBlocked - 1) : this.#timesBlocked;
    this.#block(Math.min(block.duration * block.factor ** times, block.max), times + 1, block.forgetAfter);
  }

  blockFor(ms: number): void {
    this.#block(ms, 0, 0);
  }

  unblock(): void {
    this.#blockedUntil = 0;
    this.#forgottenAt = 0;
  }

  state(cost: number): PolicyState {
    return {
      remaining: this.isBlocked ? 0 : this.#meter.left(),
      retryAfterMs: toMs(this.wait(cost)),
      resetAfterMs: toMs(this.isBlocked ? this.#blockedUntil - this.#now : this.#meter.usedFor()),
      blocked: this.isBlocked,
    };
  }

  #block(ms: number, times: number, forgetAfterMs: number): void {
    this.#blockedUntil = this.#now + ms * 1_000;
    this.#timesBlocked = times;
    this.#forgottenAt = this.#blockedUntil + forgetAfterMs * 1_000;
    // it starts afresh when the block is over; leases are real work that goes on meanwhile
    if (!(this.#meter instanceof Concurrency)) this.#meter = new METERS[this.#policy.algorithm]();
  }
}

function toMs(us: number): number {
  return Math.ceil(us / 1_000);
}

import type { Meter } from './meter.js';

/** What is used and not refilled yet, as time: `debt` whole µs and a `rest` in 1/limit µs, as in the Lua. */
export class TokenBucket implements Meter {
  readonly size = 1;
  #kept = { fullAt: Number.NEGATIVE_INFINITY, rest: 0 };
  #limit = 0;
  #window = 0;
  #now = 0;
  #debt = 0;
  #rest = 0;

  open(limit: number, window: number, now: number): void {
    const debt = this.#kept.fullAt - now;
    this.#limit = limit;
    this.#window = window;
    this.#now = now;
    // no emptier than empty, should the limit have been lowered: a bucket of `limit` is full after exactly one window
    this.#debt = Math.max(0, Math.min(debt, window));
    this.#rest = debt < 0 || debt >= window ? 0 : Math.min(this.#kept.rest, limit - 1);
  }

  wait(cost: number): number {
    const { debt, rest } = this.#after(cost);
    return Math.max(0, debt - this.#window + (rest > 0 ? 1 : 0));
  }

  charge(cost: number): void {
    const { debt, rest } = this.#after(cost);
    this.#debt = debt;
    this.#rest = rest;
    this.#kept = { fullAt: this.#now + debt, rest };
  }

  left(): number {
    if (this.#debt === 0 && this.#rest === 0) return this.#limit;
    return Math.floor(((this.#window - this.#debt) * this.#limit - this.#rest) / this.#window);
  }

  usedFor(): number {
    return this.#debt + (this.#rest > 0 ? 1 : 0);
  }

  #after(cost: number): { debt: number; rest: number } {
    const added = (cost * this.#window) % this.#limit;
    const debt = this.#debt + (cost * this.#window - added) / this.#limit;
    const rest = this.#rest + added;
    return rest >= this.#limit ? { debt: debt + 1, rest: rest - this.#limit } : { debt, rest };
  }
}

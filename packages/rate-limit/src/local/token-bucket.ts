import type { Meter } from './meter.js';

/**
 * What is used and not refilled yet, as time: `debt` whole µs and a `rest` in 1/limit µs, as in the Lua. Where one unit
 * takes whole ms, it goes by whole ms.
 */
export class TokenBucket implements Meter {
  readonly size = 1;
  #kept = { fullAt: Number.NEGATIVE_INFINITY, rest: 0 };
  #limit = 0;
  #window = 0;
  #now = 0;
  #tick = 1;
  #debt = 0;
  #rest = 0;

  open(limit: number, window: number, now: number): void {
    const tick = (window / 1_000) % limit === 0 ? 1_000 : 1;
    this.#tick = tick;
    this.#now = now - (now % tick);
    const debt = Math.ceil(this.#kept.fullAt / tick) * tick - this.#now;
    this.#limit = limit;
    this.#window = window;
    // it may be more than a window: where the limit was lowered, what was used under the old one is waited for
    this.#debt = Math.max(0, debt);
    this.#rest = tick > 1 || debt < 0 ? 0 : Math.min(this.#kept.rest, limit - 1);
  }

  left(): number {
    if (this.#debt === 0 && this.#rest === 0) return this.#limit;
    return Math.max(0, Math.floor(((this.#window - this.#debt) * this.#limit - this.#rest) / this.#window));
  }

  wait(cost: number): number {
    const { debt, rest } = this.#after(cost);
    return Math.max(0, debt - this.#window + (rest > 0 ? 1 : 0));
  }

  take(units: number): void {
    this.#keep(this.#after(units));
  }

  give(units: number): void {
    this.#shorten(Math.floor((units * this.#window) / this.#limit));
  }

  undo(units: number, at: number, freeAfter: number): void {
    // what has been refilled meanwhile cannot be given back as well
    const stillUsed = Math.max(0, freeAfter - Math.max(0, this.#now - (at - (at % this.#tick))));
    this.#shorten(Math.min(Math.floor((units * this.#window) / this.#limit), stillUsed));
  }

  usedFor(): number {
    return this.#debt + (this.#rest > 0 ? 1 : 0);
  }

  #shorten(us: number): void {
    const debt = Math.max(0, this.#debt - us);
    this.#keep({ debt, rest: debt === 0 ? 0 : this.#rest });
  }

  #keep({ debt, rest }: { debt: number; rest: number }): void {
    this.#debt = debt;
    this.#rest = rest;
    this.#kept = { fullAt: this.#now + debt, rest };
  }

  #after(cost: number): { debt: number; rest: number } {
    const added = (cost * this.#window) % this.#limit;
    const debt = this.#debt + (cost * this.#window - added) / this.#limit;
    const rest = this.#rest + added;
    return rest >= this.#limit ? { debt: debt + 1, rest: rest - this.#limit } : { debt, rest };
  }
}

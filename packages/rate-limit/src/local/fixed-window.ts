import type { Meter } from './meter.js';

/** Begins with the first hit, or at whole multiples of its length. */
export class FixedWindow implements Meter {
  readonly size = 1;
  #kept = { begin: Number.NEGATIVE_INFINITY, used: 0 };
  #limit = 0;
  #begin = 0;
  #used = 0;
  #endsIn = 0;

  open(limit: number, window: number, now: number, aligned = false): void {
    const { begin, used } = this.#kept;
    const start = aligned ? now - (now % window) : now;
    const isOver = aligned ? begin < start || used === 0 : now - begin >= window;
    this.#limit = limit;
    this.#begin = isOver ? start : begin;
    this.#used = isOver ? 0 : used;
    this.#endsIn = aligned ? window - (now % window) : this.#begin + window - now;
  }

  left(): number {
    return Math.max(0, this.#limit - this.#used);
  }

  wait(cost: number): number {
    return this.#used + cost <= this.#limit ? 0 : this.#endsIn;
  }

  take(units: number): void {
    this.#keep(this.#used + units);
  }

  give(units: number): void {
    this.#keep(Math.max(0, this.#used - units));
  }

  undo(units: number, at: number): void {
    if (at >= this.#begin) this.give(units);
  }

  usedFor(): number {
    return this.#used > 0 ? this.#endsIn : 0;
  }

  #keep(used: number): void {
    this.#used = used;
    this.#kept = { begin: this.#begin, used };
  }
}

import type { Meter } from './meter.js';

/** Begins with the first hit. */
export class FixedWindow implements Meter {
  readonly size = 1;
  #kept = { begin: Number.NEGATIVE_INFINITY, used: 0 };
  #limit = 0;
  #begin = 0;
  #used = 0;
  #endsIn = 0;

  open(limit: number, window: number, now: number): void {
    const isOver = now - this.#kept.begin >= window;
    this.#limit = limit;
    this.#begin = isOver ? now : this.#kept.begin;
    this.#used = isOver ? 0 : this.#kept.used;
    this.#endsIn = this.#begin + window - now;
  }

  wait(cost: number): number {
    return this.#used + cost <= this.#limit ? 0 : this.#endsIn;
  }

  charge(cost: number): void {
    this.#used += cost;
    this.#kept = { begin: this.#begin, used: this.#used };
  }

  left(): number {
    return Math.max(0, this.#limit - this.#used);
  }

  usedFor(): number {
    return this.#used > 0 ? this.#endsIn : 0;
  }
}

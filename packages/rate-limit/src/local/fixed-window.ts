import type { Meter } from './meter.js';

/** Begins with the first hit. */
export class FixedWindow implements Meter {
  #limit = 0;
  #begin = Number.NEGATIVE_INFINITY;
  #used = 0;
  #endsIn = 0;

  open(limit: number, window: number, now: number): void {
    if (now - this.#begin >= window) {
      this.#begin = now;
      this.#used = 0;
    }
    this.#limit = limit;
    this.#endsIn = this.#begin + window - now;
  }

  wait(cost: number): number {
    return this.#used + cost <= this.#limit ? 0 : this.#endsIn;
  }

  charge(cost: number): void {
    this.#used += cost;
  }

  left(): number {
    return Math.max(0, this.#limit - this.#used);
  }

  usedFor(): number {
    return this.#used > 0 ? this.#endsIn : 0;
  }
}

import type { Meter } from './meter.js';

interface Entry {
  readonly at: number;
  readonly cost: number;
}

/** Every call that passed, for one window. */
export class SlidingLog implements Meter {
  #limit = 0;
  #window = 0;
  #now = 0;
  #used = 0;
  #entries: Entry[] = [];

  open(limit: number, window: number, now: number): void {
    this.#limit = limit;
    this.#window = window;
    this.#now = now;
    const gone = this.#entries.findIndex(({ at }) => at + window > now);
    const left = gone < 0 ? this.#entries.length : gone;
    for (const { cost } of this.#entries.splice(0, left)) this.#used -= cost;
  }

  wait(cost: number): number {
    let tooMuch = this.#used + cost - this.#limit;
    if (tooMuch <= 0) return 0;
    const needed = this.#entries.find((entry) => {
      tooMuch -= entry.cost;
      return tooMuch <= 0;
    });
    return (needed?.at ?? this.#now) + this.#window - this.#now;
  }

  charge(cost: number): void {
    this.#used += cost;
    this.#entries.push({ at: this.#now, cost });
  }

  left(): number {
    return Math.max(0, this.#limit - this.#used);
  }

  usedFor(): number {
    const last = this.#entries.at(-1);
    return last ? last.at + this.#window - this.#now : 0;
  }
}

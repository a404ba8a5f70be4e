import type { Meter } from './meter.js';

interface Entry {
  readonly at: number;
  cost: number;
}

/** Every call that passed, for one window. */
export class SlidingLog implements Meter {
  readonly #entries: Entry[] = [];
  /** Index of the first entry that is still in the window. */
  #first = 0;
  #used = 0;
  #limit = 0;
  #window = 0;
  #now = 0;

  get size(): number {
    return this.#entries.length;
  }

  open(limit: number, window: number, now: number): void {
    this.#limit = limit;
    this.#window = window;
    this.#now = now;
    const first = this.#entries.findIndex(({ at }) => at + window > now);
    this.#first = first < 0 ? this.#entries.length : first;
    this.#used = 0;
    for (let index = this.#first; index < this.#entries.length; index++) this.#used += this.#entries[index]?.cost ?? 0;
  }

  wait(cost: number): number {
    let tooMuch = this.#used + cost - this.#limit;
    for (let index = this.#first; tooMuch > 0; index++) {
      const entry = this.#entries[index];
      if (!entry) break;
      tooMuch -= entry.cost;
      if (tooMuch <= 0) return entry.at + this.#window - this.#now;
    }
    return 0;
  }

  take(units: number): void {
    this.#entries.splice(0, this.#first);
    this.#first = 0;
    this.#used += units;
    this.#entries.push({ at: this.#now, cost: units });
  }

  give(units: number): void {
    for (let open = units; open > 0 && this.#entries.length > this.#first; ) {
      const last = this.#entries.at(-1) as Entry;
      open -= this.#reduce(last, open);
    }
  }

  undo(units: number, at: number): void {
    let open = units;
    for (const entry of this.#entries.slice(this.#first)) {
      if (entry.at === at && open > 0) open -= this.#reduce(entry, open);
    }
  }

  left(): number {
    return Math.max(0, this.#limit - this.#used);
  }

  usedFor(): number {
    const last = this.#used > 0 ? this.#entries.at(-1) : undefined;
    return last ? last.at + this.#window - this.#now : 0;
  }

  #reduce(entry: Entry, units: number): number {
    const part = Math.min(units, entry.cost);
    entry.cost -= part;
    this.#used -= part;
    if (entry.cost === 0) this.#entries.splice(this.#entries.indexOf(entry), 1);
    return part;
  }
}

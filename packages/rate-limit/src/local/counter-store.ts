import type { Counter } from './counter.js';

/**
 * A bounded number of counters, in two generations: what is asked for moves to the young one, and when that is half of
 * all, the old one goes. A single Map in the order of use would be exact about who is last, and spend 20 µs on finding
 * out, because its first live entry hides behind those that were deleted.
 */
export class CounterStore {
  readonly #capacity: number;
  #young = new Map<string, Counter>();
  #old = new Map<string, Counter>();
  #youngSize = 0;

  /** @param capacity In records; see `Meter.size`. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get(key: string): Counter | undefined {
    return this.#young.get(key) ?? this.#old.get(key);
  }

  /** Keeps a counter that is new, or has grown, or was asked for. @param sizeBefore What it was when it came from here. */
  keep(key: string, counter: Counter, sizeBefore: number): void {
    this.#youngSize += this.#young.has(key) ? counter.size - sizeBefore : counter.size;
    this.#young.set(key, counter);
    if (this.#youngSize * 2 <= this.#capacity) return;
    this.#old = this.#young;
    this.#young = new Map();
    this.#youngSize = 0;
  }

  delete(key: string): void {
    this.#youngSize -= this.#young.get(key)?.size ?? 0;
    this.#young.delete(key);
    this.#old.delete(key);
  }
}

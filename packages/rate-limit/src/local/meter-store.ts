import type { Meter } from './meter.js';

/**
 * A bounded number of meters, in two generations: what is asked for moves to the young one, and when that is half of
 * all, the old one goes. A single Map in the order of use would be exact about who is last, and spend 20 µs on finding
 * out, because its first live entry hides behind those that were deleted.
 */
export class MeterStore {
  readonly #capacity: number;
  #young = new Map<string, Meter>();
  #old = new Map<string, Meter>();
  #youngSize = 0;

  /** @param capacity In records; see `Meter.size`. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get(key: string): Meter | undefined {
    return this.#young.get(key) ?? this.#old.get(key);
  }

  /** Keeps a meter that is new, or has grown, or was asked for. @param sizeBefore What it was when it came from here. */
  keep(key: string, meter: Meter, sizeBefore: number): void {
    this.#youngSize += this.#young.has(key) ? meter.size - sizeBefore : meter.size;
    this.#young.set(key, meter);
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

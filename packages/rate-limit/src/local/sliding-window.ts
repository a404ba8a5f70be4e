import type { Meter } from './meter.js';

/** What the window before used, weighted by how much of it is still in view, and what this one has used. */
export class SlidingWindow implements Meter {
  #limit = 0;
  #window = 0;
  #begin = Number.NEGATIVE_INFINITY;
  #before = 0;
  #used = 0;
  #elapsed = 0;

  open(limit: number, window: number, now: number): void {
    const passed = Math.floor((now - this.#begin) / window);
    if (passed >= 1) {
      this.#before = passed === 1 ? this.#used : 0;
      this.#begin = passed === 1 ? this.#begin + window : now;
      this.#used = 0;
    }
    this.#limit = limit;
    this.#window = window;
    this.#elapsed = now - this.#begin;
  }

  wait(cost: number): number {
    const room = this.#limit - cost;
    if (this.#used <= room) return Math.max(0, this.#timeToFall(this.#before, room - this.#used) - this.#elapsed);
    return this.#window - this.#elapsed + this.#timeToFall(this.#used, room);
  }

  charge(cost: number): void {
    this.#used += cost;
  }

  left(): number {
    const inView = this.#before * (this.#window - this.#elapsed);
    return Math.max(0, Math.floor(((this.#limit - this.#used) * this.#window - inView) / this.#window));
  }

  usedFor(): number {
    if (this.#used > 0) return 2 * this.#window - this.#elapsed;
    return this.#before > 0 ? this.#window - this.#elapsed : 0;
  }

  /** When `used` falls to `room`, if it falls evenly to 0 in one window: the first whole µs. */
  #timeToFall(used: number, room: number): number {
    return used <= room ? 0 : this.#window - Math.floor((room * this.#window) / used);
  }
}

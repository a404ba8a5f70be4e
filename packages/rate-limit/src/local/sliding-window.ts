import type { Meter } from './meter.js';

interface Windows {
  readonly begin: number;
  /** Of the window before. */
  readonly before: number;
  /** Of the window that began at `begin`. */
  readonly used: number;
}

/** What the window before used, weighted by how much of it is still in view, and what this one has used. */
export class SlidingWindow implements Meter {
  readonly size = 1;
  #kept: Windows = { begin: Number.NEGATIVE_INFINITY, before: 0, used: 0 };
  #now: Windows = this.#kept;
  #limit = 0;
  #window = 0;
  #elapsed = 0;

  open(limit: number, window: number, now: number): void {
    this.#limit = limit;
    this.#window = window;
    this.#now = advance(this.#kept, window, now);
    this.#elapsed = now - this.#now.begin;
  }

  left(): number {
    const { before, used } = this.#now;
    const inView = before * (this.#window - this.#elapsed);
    return Math.max(0, Math.floor(((this.#limit - used) * this.#window - inView) / this.#window));
  }

  wait(cost: number): number {
    const { before, used } = this.#now;
    const room = this.#limit - cost;
    if (used <= room) return Math.max(0, this.#timeToFall(before, room - used) - this.#elapsed);
    return this.#window - this.#elapsed + this.#timeToFall(used, room);
  }

  take(units: number): void {
    this.#keep({ ...this.#now, used: this.#now.used + units });
  }

  give(units: number): void {
    const { begin, before, used } = this.#now;
    const ofThis = Math.min(units, used);
    this.#keep({ begin, before: Math.max(0, before - (units - ofThis)), used: used - ofThis });
  }

  undo(units: number, at: number): void {
    const { begin, before, used } = this.#now;
    if (at >= begin) this.#keep({ begin, before, used: Math.max(0, used - units) });
    else if (at >= begin - this.#window) this.#keep({ begin, before: Math.max(0, before - units), used });
  }

  usedFor(): number {
    if (this.#now.used > 0) return 2 * this.#window - this.#elapsed;
    return this.#now.before > 0 ? this.#window - this.#elapsed : 0;
  }

  #keep(windows: Windows): void {
    this.#now = windows;
    this.#kept = windows;
  }

  /** When `used` falls to `room`, if it falls evenly to 0 in one window: the first whole µs. */
  #timeToFall(used: number, room: number): number {
    return used <= room ? 0 : this.#window - Math.floor((room * this.#window) / used);
  }
}

function advance(windows: Windows, window: number, now: number): Windows {
  const passed = Math.floor((now - windows.begin) / window);
  if (passed === 0) return windows;
  if (passed === 1) return { begin: windows.begin + window, before: windows.used, used: 0 };
  return { begin: now, before: 0, used: 0 };
}

import type { Algorithm } from '../../src/index.js';

/** What a limit allows, by the algorithm's definition and in whole numbers: nothing here is fast, or saves anything. */
export interface Model {
  /** Units that fit at the moment. */
  left(at: Moment): number;
  fits(at: Moment, cost: number): boolean;
  /** Charges what fits. */
  take(at: Moment, cost: number, lease: string): void;
  release?(lease: string): void;
}

/** The clock, and the limit as it is at the time. */
export interface Moment {
  /** µs */
  readonly now: bigint;
  readonly limit: number;
  /** µs */
  readonly window: bigint;
}

const least = (a: bigint, b: bigint) => (a < b ? a : b);

/** What is used is time still to pass: one unit is a `limit`th of the window. Counts in ms where a unit is whole ms. */
class TokenBucket implements Model {
  /** When it is full: µs, and parts of a µs by the limit of that time. */
  #fullAt = 0n;
  #parts = 0n;

  left(at: Moment): number {
    const free = at.window * BigInt(at.limit) - this.#debt(at);
    return free < 0n ? 0 : Number(free / at.window);
  }

  fits(at: Moment, cost: number): boolean {
    return this.#debt(at) + BigInt(cost) * at.window <= at.window * BigInt(at.limit);
  }

  take(at: Moment, cost: number): void {
    const debt = this.#debt(at) + BigInt(cost) * at.window;
    this.#fullAt = this.#ticks(at, at.now, false) + debt / BigInt(at.limit);
    this.#parts = debt % BigInt(at.limit);
  }

  /** In `limit`ths of a µs; more than the bucket holds where the limit or the window has been lowered. */
  #debt(at: Moment): bigint {
    const limit = BigInt(at.limit);
    const left = this.#ticks(at, this.#fullAt, true) - this.#ticks(at, at.now, false);
    if (left < 0n) return 0n;
    const parts = this.#isWhole(at) ? 0n : least(this.#parts, limit - 1n);
    return left * limit + parts;
  }

  #isWhole({ limit, window }: Moment): boolean {
    return (window / 1_000n) % BigInt(limit) === 0n;
  }

  #ticks(at: Moment, time: bigint, up: boolean): bigint {
    return this.#isWhole(at) ? ((time + (up ? 999n : 0n)) / 1_000n) * 1_000n : time;
  }
}

class FixedWindow implements Model {
  readonly #aligned: boolean;
  #begin = -1n;
  #used = 0;

  constructor(aligned: boolean) {
    this.#aligned = aligned;
  }

  left(at: Moment): number {
    return Math.max(0, at.limit - this.#open(at).used);
  }

  fits(at: Moment, cost: number): boolean {
    return this.#open(at).used + cost <= at.limit;
  }

  take(at: Moment, cost: number): void {
    const { begin, used } = this.#open(at);
    this.#begin = begin;
    this.#used = used + cost;
  }

  #open({ now, window }: Moment): { begin: bigint; used: number } {
    const start = this.#aligned ? now - (now % window) : now;
    const isOver = this.#aligned ? this.#begin < start : this.#begin < 0n || now - this.#begin >= window;
    return isOver ? { begin: start, used: 0 } : { begin: this.#begin, used: this.#used };
  }
}

/** Of the window before counts the part that is still in view. */
class SlidingWindow implements Model {
  #begin = -1n;
  #before = 0;
  #used = 0;

  left(at: Moment): number {
    const free = BigInt(at.limit) * at.window - this.#inView(at);
    return free < 0n ? 0 : Number(free / at.window);
  }

  fits(at: Moment, cost: number): boolean {
    return this.#inView(at) + BigInt(cost) * at.window <= BigInt(at.limit) * at.window;
  }

  take(at: Moment, cost: number): void {
    const { begin, before, used } = this.#open(at);
    [this.#begin, this.#before, this.#used] = [begin, before, used + cost];
  }

  /** Units in view, times the window. */
  #inView(at: Moment): bigint {
    const { begin, before, used } = this.#open(at);
    return BigInt(used) * at.window + BigInt(before) * (at.window - (at.now - begin));
  }

  #open({ now, window }: Moment): { begin: bigint; before: number; used: number } {
    if (this.#begin < 0n || now - this.#begin >= 2n * window) return { begin: now, before: 0, used: 0 };
    if (now - this.#begin >= window) return { begin: this.#begin + window, before: this.#used, used: 0 };
    return { begin: this.#begin, before: this.#before, used: this.#used };
  }
}

class SlidingLog implements Model {
  #calls: { at: bigint; cost: number }[] = [];

  left(at: Moment): number {
    return Math.max(0, at.limit - this.#used(at));
  }

  fits(at: Moment, cost: number): boolean {
    return this.#used(at) + cost <= at.limit;
  }

  take(at: Moment, cost: number): void {
    // as in Redis, what is out of the window when something is charged is gone, should the window grow later
    this.#calls = this.#calls.filter((call) => call.at > at.now - at.window);
    this.#calls.push({ at: at.now, cost });
  }

  #used({ now, window }: Moment): number {
    return this.#calls.reduce((sum, { at, cost }) => (at > now - window ? sum + cost : sum), 0);
  }
}

class Concurrency implements Model {
  #leases: { lease: string; cost: number; endsAt: bigint }[] = [];

  left(at: Moment): number {
    return Math.max(0, at.limit - this.#used(at));
  }

  fits(at: Moment, cost: number): boolean {
    return this.#used(at) + cost <= at.limit;
  }

  take(at: Moment, cost: number, lease: string): void {
    this.#leases.push({ lease, cost, endsAt: at.now + at.window });
  }

  release(lease: string): void {
    this.#leases = this.#leases.filter((held) => held.lease !== lease);
  }

  #used({ now }: Moment): number {
    return this.#leases.reduce((sum, { cost, endsAt }) => (endsAt > now ? sum + cost : sum), 0);
  }
}

export type Kind = Algorithm | 'aligned-window';

/** How the Lua calls it, and how many keys it has. */
export const KINDS: Readonly<Record<Kind, { readonly code: string; readonly keys: 1 | 2; make(): Model }>> = {
  'token-bucket': { code: 'tb', keys: 1, make: () => new TokenBucket() },
  'fixed-window': { code: 'fw', keys: 1, make: () => new FixedWindow(false) },
  'aligned-window': { code: 'fa', keys: 1, make: () => new FixedWindow(true) },
  'sliding-window': { code: 'sw', keys: 1, make: () => new SlidingWindow() },
  'sliding-log': { code: 'sl', keys: 2, make: () => new SlidingLog() },
  concurrency: { code: 'cc', keys: 2, make: () => new Concurrency() },
};

/** The first whole ms at which a cost fits that does not fit now, if nothing else is charged: found by trying. */
export function waitFor(model: Model, at: Moment, cost: number): number {
  let [low, high] = [0, 1];
  while (!model.fits({ ...at, now: at.now + BigInt(high) * 1_000n }, cost)) [low, high] = [high, high * 2];
  while (low + 1 < high) {
    const middle = Math.floor((low + high) / 2);
    if (model.fits({ ...at, now: at.now + BigInt(middle) * 1_000n }, cost)) high = middle;
    else low = middle;
  }
  return high;
}

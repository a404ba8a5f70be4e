import type { PolicyView } from '../../src/limits/view.js';

type State = Pick<PolicyView, 'limit' | 'windowMs' | 'remaining' | 'resetAfterMs'>;

/**
 * What is in use of a policy at moments when nobody asks the server: its algorithm, carried on from what the server has
 * said last. Times are milliseconds by the server's clock.
 */
export interface Forecast {
  hear(state: State, at: number): void;
  /** Units in use, with fractions. @param at Not before what was heard last. */
  usedAt(at: number): number;
}

export function forecastOf(algorithm: PolicyView['algorithm']): Forecast {
  switch (algorithm) {
    case 'token-bucket':
      return new Refilling();
    case 'sliding-window':
      return new Fading();
    case 'sliding-log':
      return new Leaving();
    default:
      return new UntilReset();
  }
}

/** A token bucket: what is used shrinks evenly. */
class Refilling implements Forecast {
  #perMs = 0;
  #fullAt = 0;

  hear({ limit, windowMs, resetAfterMs }: State, at: number): void {
    this.#perMs = limit / windowMs;
    this.#fullAt = at + resetAfterMs;
  }

  usedAt(at: number): number {
    return Math.max(0, this.#fullAt - at) * this.#perMs;
  }
}

/** A fixed window, or leases: all of it stays used until all of it is free. */
class UntilReset implements Forecast {
  #used = 0;
  #freeAt = 0;

  hear({ limit, remaining, resetAfterMs }: State, at: number): void {
    this.#used = limit - remaining;
    this.#freeAt = at + resetAfterMs;
  }

  usedAt(at: number): number {
    return at < this.#freeAt ? this.#used : 0;
  }
}

/** A sliding window: this window's units stay, the window's before fade out evenly. */
class Fading implements Forecast {
  #windowMs = 1;
  #begin = 0;
  #before = 0;
  #used = 0;

  hear({ limit, windowMs, remaining, resetAfterMs }: State, at: number): void {
    // it ends two windows after the beginning of the one in which something was used
    const begin = at + resetAfterMs - (resetAfterMs > windowMs ? 2 * windowMs : windowMs);
    const { before } = this.#windowOf(begin + windowMs / 2);
    const faded = 1 - (at - begin) / windowMs;
    const inUse = limit - remaining;
    this.#windowMs = windowMs;
    this.#begin = begin;
    if (resetAfterMs > windowMs) {
      this.#before = Math.min(before, inUse / Math.max(faded, 0.01));
      // the server rounds up
      this.#used = Math.floor(inUse - this.#before * faded + 0.001);
    } else {
      this.#used = 0;
      const fits = Math.abs(before * faded - inUse) <= 1;
      this.#before = resetAfterMs === 0 ? 0 : fits ? before : inUse / Math.max(faded, 0.01);
    }
  }

  usedAt(at: number): number {
    const { begin, before, used } = this.#windowOf(at);
    return used + before * Math.max(0, 1 - (at - begin) / this.#windowMs);
  }

  #windowOf(at: number): { begin: number; before: number; used: number } {
    const [begin, before, used] = [this.#begin, this.#before, this.#used];
    const passed = Math.floor((at - begin) / this.#windowMs);
    if (passed <= 0) return { begin, before, used };
    return { begin: begin + passed * this.#windowMs, before: passed === 1 ? used : 0, used: 0 };
  }
}

/** A sliding log: each unit leaves one window after it came. */
class Leaving implements Forecast {
  #units: { leavesAt: number; count: number }[] = [];

  hear({ limit, remaining, resetAfterMs }: State, at: number): void {
    this.#units = this.#units.filter(({ leavesAt }) => leavesAt > at);
    let extra = this.usedAt(at) - (limit - remaining);
    // nothing used stays longer than the latest
    if (extra < 0) this.#units.push({ leavesAt: at + resetAfterMs, count: -extra });
    while (extra > 0) {
      const oldest = this.#units[0] as { count: number };
      const gone = Math.min(extra, oldest.count);
      oldest.count -= gone;
      extra -= gone;
      if (oldest.count === 0) this.#units.shift();
    }
  }

  usedAt(at: number): number {
    return this.#units.reduce((sum, { leavesAt, count }) => sum + (leavesAt > at ? count : 0), 0);
  }
}

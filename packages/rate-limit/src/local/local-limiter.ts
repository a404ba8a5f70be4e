import type { Charge } from '../library.js';
import type { Algorithm } from '../policy/algorithm.js';
import type { Verdict } from '../verdict.js';
import { FixedWindow } from './fixed-window.js';
import type { Meter } from './meter.js';
import { SlidingLog } from './sliding-log.js';
import { SlidingWindow } from './sliding-window.js';
import { TokenBucket } from './token-bucket.js';

const METERS: Readonly<Record<Algorithm, new () => Meter>> = {
  'token-bucket': TokenBucket,
  'fixed-window': FixedWindow,
  'sliding-window': SlidingWindow,
  'sliding-log': SlidingLog,
};

/**
 * The same limits within this process, for the time that Redis is away. Holds a bounded number of counters: the one that
 * was not asked for longest goes first.
 */
export class LocalLimiter {
  readonly #capacity: number;
  readonly #meters = new Map<string, Meter>();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  consume(charges: readonly Charge[]): Verdict {
    return this.#decide(charges, true);
  }

  peek(charges: readonly Charge[]): Verdict {
    return this.#decide(charges, false);
  }

  reset(keys: readonly string[]): void {
    for (const key of keys) this.#meters.delete(key);
  }

  #decide(charges: readonly Charge[], take: boolean): Verdict {
    // not the time of day: a clock that is set must not stop or free anybody
    const now = Math.round(performance.now() * 1_000);
    const asked = charges.map(({ key, policy, cost }) => {
      const meter = this.#meters.get(key) ?? new METERS[policy.algorithm]();
      meter.open(policy.limit, policy.window * 1_000, now);
      return { key, meter, cost, wait: meter.wait(cost) };
    });
    const longest = Math.max(...asked.map(({ wait }) => wait));
    if (take) {
      for (const { key, meter, cost } of asked) {
        if (longest === 0) meter.charge(cost);
        this.#keep(key, meter);
      }
    }
    return {
      refusedBy: longest === 0 ? -1 : asked.findIndex(({ wait }) => wait === longest),
      states: asked.map(({ meter, wait }) => ({
        remaining: meter.left(),
        retryAfterMs: toMs(wait),
        resetAfterMs: toMs(meter.usedFor()),
      })),
    };
  }

  #keep(key: string, meter: Meter): void {
    // a Map keeps the order of insertion: the first is the one that was asked for longest ago
    this.#meters.delete(key);
    this.#meters.set(key, meter);
    if (this.#meters.size <= this.#capacity) return;
    const [oldest] = this.#meters.keys();
    if (oldest !== undefined) this.#meters.delete(oldest);
  }
}

function toMs(us: number): number {
  return Math.ceil(us / 1_000);
}

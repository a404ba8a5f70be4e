import type { Charge } from '../library.js';
import type { Verdict } from '../verdict.js';
import { MeterStore } from './meter-store.js';
import { METERS } from './meters.js';

/** The same limits within this process, for the time that Redis is away. What it holds is bounded. */
export class LocalLimiter {
  readonly #meters: MeterStore;

  /** @param capacity Counters it holds at most, each entry of a sliding log for one. */
  constructor(capacity: number) {
    this.#meters = new MeterStore(capacity);
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
        const { size } = meter;
        if (longest === 0) meter.charge(cost);
        this.#meters.keep(key, meter, size);
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
}

function toMs(us: number): number {
  return Math.ceil(us / 1_000);
}

import type { Meter } from './meter.js';

/** Units in use, each until its lease is released or has ended. */
export class Concurrency implements Meter {
  #leases: { lease: string; endsAt: number }[] = [];
  #limit = 0;
  #window = 0;
  #now = 0;

  get size(): number {
    return Math.max(1, this.#leases.length);
  }

  open(limit: number, window: number, now: number): void {
    this.#limit = limit;
    this.#window = window;
    this.#now = now;
    if (this.#leases.some(({ endsAt }) => endsAt <= now)) {
      this.#leases = this.#leases.filter(({ endsAt }) => endsAt > now);
    }
  }

  left(): number {
    return Math.max(0, this.#limit - this.#leases.length);
  }

  /** At the latest: a lease that is released makes room before. */
  wait(cost: number): number {
    const missing = this.#leases.length + cost - this.#limit;
    if (missing <= 0) return 0;
    const ends = this.#leases.map(({ endsAt }) => endsAt).sort((a, b) => a - b);
    return (ends[missing - 1] ?? this.#now) - this.#now;
  }

  take(units: number, lease: string): void {
    for (let i = 0; i < units; i++) this.#leases.push({ lease, endsAt: this.#now + this.#window });
  }

  release(lease: string): void {
    this.#leases = this.#leases.filter((held) => held.lease !== lease);
  }

  // leases are released, not given back
  give(): void {}
  undo(): void {}

  usedFor(): number {
    return this.#leases.reduce((longest, { endsAt }) => Math.max(longest, endsAt - this.#now), 0);
  }
}

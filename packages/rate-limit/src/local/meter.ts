/** The state of one policy for one client, with the arithmetic of lua/ratelimiter.lua. All times are whole µs. */
export interface Meter {
  /** What it keeps, in records: 1, or the number of entries of a log. */
  readonly size: number;
  /**
   * Looks at the state as of `now`, under a limit and window that may have changed since. As in Redis, only what writes
   * changes what is kept: a window that was shorter for one refusal must not forget anything.
   */
  open(limit: number, window: number, now: number, aligned?: boolean): void;
  /** Whole units that fit now. */
  left(): number;
  /** Time until `cost` fits; 0 where it fits now. */
  wait(cost: number): number;
  /** Charges units that fit. @param lease Names what is released later, where there is something to release. */
  take(units: number, lease: string): void;
  /** Takes back what was charged last. */
  give(units: number): void;
  /** Takes back of what was charged at a moment, when nothing would have been used any more after `freeAfter`. */
  undo(units: number, at: number, freeAfter: number): void;
  /** Time until nothing is used. */
  usedFor(): number;
}

/** The state of one policy for one client, with the arithmetic of lua/ratelimiter.lua. All times are whole µs. */
export interface Meter {
  /** What it keeps, in records: 1, or the number of entries of a log. */
  readonly size: number;
  /**
   * Looks at the state as of `now`, under a limit and window that may have changed since. As in Redis, only `charge`
   * changes what is kept: a window that was shorter for one refusal must not forget anything.
   */
  open(limit: number, window: number, now: number): void;
  /** Time until `cost` fits; 0 where it fits now. */
  wait(cost: number): number;
  /** Takes `cost`; only after `wait` said 0. */
  charge(cost: number): void;
  /** Whole units that fit now. */
  left(): number;
  /** Time until nothing is used. */
  usedFor(): number;
}

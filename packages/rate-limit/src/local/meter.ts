/** The state of one policy for one client, with the arithmetic of lua/ratelimiter.lua. All times are whole µs. */
export interface Meter {
  /** Brings the state to `now`, under a limit and window that may have changed since. */
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

/** One policy after a decision. */
export interface PolicyState {
  readonly remaining: number;
  readonly retryAfterMs: number;
  readonly resetAfterMs: number;
}

/** What the Lua, or the limiter in process, says about one decision. */
export interface Verdict {
  /** Index of the policy that refuses, the longest to wait for of several; -1 where all agree. */
  readonly refusedBy: number;
  /** In the order of the policies. */
  readonly states: readonly PolicyState[];
}

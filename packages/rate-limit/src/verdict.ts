/** One policy after a decision. */
export interface PolicyState {
  readonly remaining: number;
  readonly retryAfterMs: number;
  readonly resetAfterMs: number;
  readonly blocked: boolean;
}

/** Reads a reply of `ratelimiter_peek` and of those that answer like it. */
export function statesOf([, , ...numbers]: readonly number[]): PolicyState[] {
  return Array.from({ length: numbers.length / 3 }, (_, index) => {
    const [left = 0, retryAfterMs = 0, resetAfterMs = 0] = numbers.slice(3 * index, 3 * index + 3);
    return { remaining: Math.max(0, left), retryAfterMs, resetAfterMs, blocked: left < 0 };
  });
}

/**
 * How a policy counts.
 *
 * - `token-bucket`: `limit` at once, then refilled evenly at `limit` per window.
 * - `fixed-window`: `limit` per window, which begins with the first hit or, if `aligned`, by the clock; up to twice
 *   `limit` around its end.
 * - `sliding-window`: `limit` in the last window, the earlier part of it taken as evenly spread.
 * - `sliding-log`: exactly `limit` in any window; remembers every call that passed.
 * - `concurrency`: `limit` at once, each until it is released, or for `window` at most.
 */
export type Algorithm = 'token-bucket' | 'fixed-window' | 'sliding-window' | 'sliding-log' | 'concurrency';

/**
 * Names on the wire and at the end of keys: a policy that changes its algorithm starts afresh instead of misreading.
 * `second`: what the algorithm's other key ends with; its first then only knows of blocks.
 */
export const ALGORITHM_CODES = {
  'token-bucket': { code: 'tb', second: undefined },
  'fixed-window': { code: 'fw', second: undefined },
  'sliding-window': { code: 'sw', second: undefined },
  'sliding-log': { code: 'sl', second: 'log' },
  concurrency: { code: 'cc', second: 'leases' },
} as const satisfies Readonly<Record<Algorithm, { code: string; second: string | undefined }>>;

export const ALGORITHMS = Object.keys(ALGORITHM_CODES) as readonly Algorithm[];

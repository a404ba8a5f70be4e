/**
 * How a policy counts.
 *
 * - `token-bucket`: `limit` at once, then refilled evenly at `limit` per window.
 * - `fixed-window`: `limit` per window, which begins with the first hit; up to twice `limit` around its end.
 * - `sliding-window`: `limit` in the last window, the earlier part of it taken as evenly spread.
 * - `sliding-log`: exactly `limit` in any window; remembers every call that passed.
 */
export type Algorithm = 'token-bucket' | 'fixed-window' | 'sliding-window' | 'sliding-log';

/** Names on the wire and at the end of keys: a policy that changes its algorithm starts afresh instead of misreading. */
export const ALGORITHM_CODES = {
  'token-bucket': 'tb',
  'fixed-window': 'fw',
  'sliding-window': 'sw',
  'sliding-log': 'sl',
} as const satisfies Readonly<Record<Algorithm, string>>;

export const ALGORITHMS = Object.keys(ALGORITHM_CODES) as readonly Algorithm[];

export { CONDITIONS, type Context, type Figure } from '../harness/benchmark.js';

/** What no client of many comes near. A unit comes back in a whole number of ms, as with most limits that people set. */
export const USUAL = { limit: 1_000, windowMs: 60_000 };

/** So much that a few clients who make all requests are not refused; a unit comes back in a ms. */
export const AMPLE = { limit: 3_600_000, windowMs: 3_600_000 };

/** A unit does not come back in a whole number of ms, which costs our token bucket more. */
export const ODD = { limit: 999, windowMs: 60_000 };

import type { RedisServer } from '@redis-functions/testing';
import type { Demand } from '../harness/demands.js';
import type { Conditions } from '../harness/rounds.js';

/** What a figure is measured in. */
export interface Context {
  /** Empty. */
  readonly server: RedisServer;
  /** Say in which functions our side spends its time. */
  readonly profiles: boolean;
}

/** Measures, prints its table, and returns what the numbers must be. */
export type Figure = (context: Context) => Promise<readonly Demand[]>;

/** What no client of many comes near. A unit comes back in a whole number of ms, as with most limits that people set. */
export const USUAL = { limit: 1_000, windowMs: 60_000 };

/** So much that a few clients who make all requests are not refused; a unit comes back in a ms. */
export const AMPLE = { limit: 3_600_000, windowMs: 3_600_000 };

/** A unit does not come back in a whole number of ms, which costs our token bucket more. */
export const ODD = { limit: 999, windowMs: 60_000 };

export const CONDITIONS: Conditions = { inFlight: 64, rounds: 7, roundMs: 600 };

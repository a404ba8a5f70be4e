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

export const CONDITIONS: Conditions = { inFlight: 64, rounds: 7, roundMs: 600 };

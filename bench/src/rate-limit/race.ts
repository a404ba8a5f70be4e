import { printProfile, startProfile } from '../harness/profile.js';
import { compare, measure, type Outcome, printRates, printSurprises, type Rate } from '../harness/rounds.js';
import { CONDITIONS, type Context } from './context.js';
import { expressRateLimit } from './limiters/express-rate-limit.js';
import { type Limiter, type LimiterOptions, toAddresses, toContestant } from './limiters/limiter.js';
import { nestThrottler } from './limiters/nest-throttler.js';
import { ours } from './limiters/ours.js';
import { rateLimiterFlexible } from './limiters/rate-limiter-flexible.js';

const PROFILE_MS = 3_000;

export interface Race {
  readonly title: string;
  /** How many clients are asked about, in turn. */
  readonly clients: number;
  /** What every decision must be; others are not counted. */
  readonly expected: Outcome;
}

/** One table of limiters, and what they decided in it. The first is ours. */
export async function race(
  { profiles }: Context,
  { title, clients, expected }: Race,
  limiters: readonly Limiter[],
): Promise<Rate[]> {
  const addresses = toAddresses(clients);
  const contestants = limiters.map((limiter) => toContestant(limiter, addresses));
  const rates = await compare(contestants, { ...CONDITIONS, expected });
  const [first] = contestants;
  if (first === undefined) return rates;
  printRates(title, rates, first.name);
  printSurprises(rates, expected);
  if (profiles) {
    const stop = await startProfile();
    await measure(first, { ...CONDITIONS, roundMs: PROFILE_MS });
    printProfile(`Where ${first.name} spends its time: ${title}`, await stop());
  }
  return rates;
}

/** Ours, then each peer with the client that makes it fastest; all with the same quota. */
export async function openAll(options: LimiterOptions): Promise<readonly [Limiter, Limiter, Limiter, Limiter]> {
  return Promise.all([ours(options), rateLimiterFlexible(options), expressRateLimit(options), nestThrottler(options)]);
}

/** Opens limiters, and closes them when the work is done. */
export async function using<Limiters extends readonly Limiter[], Result>(
  opening: Promise<Limiters>,
  work: (limiters: Limiters) => Promise<Result>,
): Promise<Result> {
  const limiters = await opening;
  try {
    return await work(limiters);
  } finally {
    for (const limiter of limiters) await limiter.close();
  }
}

/** The peer with the most per second. */
export function fastest(peers: readonly Rate[]): Rate {
  return peers.toSorted((left, right) => right.perSecond - left.perSecond)[0] as Rate;
}

/** The peer whose slowest decisions are the quickest. */
export function steadiest(peers: readonly Rate[]): Rate {
  return peers.toSorted((left, right) => left.p99Ms - right.p99Ms)[0] as Rate;
}

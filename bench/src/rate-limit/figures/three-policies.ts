import type { Demand } from '../../harness/demands.js';
import { type Rate, rateOf } from '../../harness/rounds.js';
import type { Context } from '../context.js';
import { nestThrottlers } from '../limiters/nest-throttler.js';
import { OURS, oursWith } from '../limiters/ours.js';
import { race, using } from '../race.js';

const LIMITS = [
  { name: 'second', limit: 1_000, windowMs: 1_000 },
  { name: 'minute', limit: 10_000, windowMs: 60_000 },
  { name: 'hour', limit: 100_000, windowMs: 3_600_000 },
] as const;

const POLICIES = LIMITS.map(({ name, limit, windowMs }) => ({ name, limit, window: windowMs }));
const THROTTLERS = LIMITS.map(({ name, limit, windowMs }) => ({ name, limit, ttlMs: windowMs }));

const THREE = `${OURS}, three policies`;
const ONE = `${OURS}, one policy`;
const NEST = '@nestjs/throttler + nest-lab, three throttlers';

/** Decisions that a limit per second, one per minute and one per hour must all agree to. */
export async function threePolicies(context: Context): Promise<Demand[]> {
  const { url } = context.server;
  const opening = Promise.all([
    oursWith(POLICIES, { url }, THREE),
    oursWith(POLICIES.slice(1, 2), { url }, ONE),
    nestThrottlers(THROTTLERS, { url }, NEST),
  ]);
  const rates = await using(opening, (limiters) =>
    race(context, { title: 'Three policies, 10,000 keys', clients: 10_000, expected: 'done' }, limiters),
  );
  const three = rateOf(rates, THREE);
  const times = (than: Rate, bound: number): Demand => ({
    figure: 'three policies in one decision',
    of: `ours : ${than.name}`,
    value: three.perSecond / than.perSecond,
    must: 'at least',
    bound,
  });
  return [times(rateOf(rates, ONE), 0.7), times(rateOf(rates, NEST), 5)];
}

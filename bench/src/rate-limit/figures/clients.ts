import type { Demand } from '../../harness/demands.js';
import { type Context, USUAL } from '../context.js';
import { expressRateLimit } from '../limiters/express-rate-limit.js';
import type { ClientName, Limiter, LimiterOptions } from '../limiters/limiter.js';
import { nestThrottler } from '../limiters/nest-throttler.js';
import { ours } from '../limiters/ours.js';
import { rateLimiterFlexible } from '../limiters/rate-limiter-flexible.js';
import { race, using } from '../race.js';

const EVERY: readonly ClientName[] = ['node-redis', 'ioredis', 'ioredis, auto-pipelining'];

const LIMITERS: readonly (readonly [(options: LimiterOptions) => Promise<Limiter>, readonly ClientName[]])[] = [
  [ours, EVERY],
  [rateLimiterFlexible, EVERY],
  [expressRateLimit, EVERY],
  [nestThrottler, EVERY.slice(1)],
];

/** Which client makes each limiter fastest: the ones that the other figures use. Demands nothing. */
export async function clients(context: Context): Promise<Demand[]> {
  const options = { url: context.server.url, ...USUAL };
  const opening = LIMITERS.flatMap(([open, names]) => names.map((client) => open({ ...options, client })));
  await using(Promise.all(opening), (limiters) =>
    race(context, { title: 'Clients, 10,000 keys', clients: 10_000, expected: 'done' }, limiters),
  );
  return [];
}

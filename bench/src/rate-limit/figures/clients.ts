import type { Demand } from '../../harness/demands.js';
import { type Context, USUAL } from '../context.js';
import { expressRateLimit } from '../limiters/express-rate-limit.js';
import type { ClientName, Limiter, LimiterOptions } from '../limiters/limiter.js';
import { nestThrottler } from '../limiters/nest-throttler.js';
import { ours } from '../limiters/ours.js';
import { rateLimiterFlexible } from '../limiters/rate-limiter-flexible.js';
import { race, using } from '../race.js';

const IOREDIS: readonly ClientName[] = ['ioredis', 'ioredis, auto-pipelining'];
const EVERY: readonly ClientName[] = ['node-redis', 'node-redis, default timeout', ...IOREDIS];

const LIMITERS: readonly (readonly [(options: LimiterOptions) => Promise<Limiter>, readonly ClientName[]])[] = [
  [ours, ['node-redis', ...IOREDIS]],
  [rateLimiterFlexible, EVERY],
  [expressRateLimit, EVERY],
  [nestThrottler, IOREDIS],
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

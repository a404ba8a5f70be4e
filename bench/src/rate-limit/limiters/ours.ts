import { type Decision, type Policy, RateLimiter } from '@redis-functions/rate-limit';
import type { Outcome } from '../../harness/rounds.js';
import { isNodeRedis, openIoredis } from './clients.js';
import type { Limiter, LimiterOptions } from './limiter.js';

export const OURS = '@redis-functions/rate-limit';

export function ours({ limit, windowMs, ...options }: LimiterOptions): Promise<Limiter> {
  return oursWith([{ limit, window: windowMs }], options);
}

/** As it comes, on a connection that it opens itself. */
export async function oursWith(
  policies: readonly Policy[],
  { url, client = 'node-redis' }: Pick<LimiterOptions, 'url' | 'client'>,
  name = `${OURS} (${client})`,
): Promise<Limiter> {
  const redis = isNodeRedis(client) ? undefined : openIoredis(url, client);
  const limiter = new RateLimiter({ policies, ...(redis ? { client: redis } : { url }) });
  await limiter.ready();
  return {
    name,
    outcome,
    consume: (key) => limiter.consume(key),
    close: async () => {
      await limiter.close();
      redis?.disconnect();
    },
  };
}

/** What was decided without Redis would be the speed of an outage. */
function outcome(result: unknown): Outcome {
  const { allowed, source } = result as Decision;
  if (source === 'local' || source === 'unavailable') return 'faked';
  return allowed ? 'done' : 'refused';
}

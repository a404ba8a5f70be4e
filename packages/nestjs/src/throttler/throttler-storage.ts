import type { OnApplicationShutdown } from '@nestjs/common';
import {
  type Decision,
  RateLimiter,
  type RateLimiterOptions,
  type ResolvedPolicy,
  resolvePolicies,
} from '@redis-functions/rate-limit';

/** Where the server is: give `client`, `url` or `functions`. In the module, nothing: it is an injectable there. */
export type RedisFunctionsThrottlerStorageOptions = Omit<RateLimiterOptions, 'policies' | 'algorithm'>;

/** What the throttler's guard wants to know. Written out, so that nobody needs its package for the types of this one. */
export interface ThrottlerRecord {
  totalHits: number;
  /** Seconds until nothing is counted any more, if nothing more comes. */
  timeToExpire: number;
  isBlocked: boolean;
  /** Seconds until a request passes again; 0 where this one did. */
  timeToBlockExpire: number;
}

/** Its counters' name; throttlers are told apart by the key. */
const COUNTER = 'throttler';
/** A hundred years. */
const LONGEST_MS = 3_155_760_000_000;
const MOST_POLICIES = 1_000;

/**
 * Storage for @nestjs/throttler: counts as its own in-memory storage does, over the last `ttl` and exactly, for all
 * processes that share a Redis, in one step each and by the clock of the server. Refused requests are not counted and do
 * not lengthen a block, and a block ends on time. An answer comes in bounded time whatever state Redis is in.
 *
 * Differences: `limit: 0` lets nobody through, also not once after each block; `timeToExpire` is the time until nothing is
 * counted any more, if nothing more comes.
 */
export class RedisFunctionsThrottlerStorage implements OnApplicationShutdown {
  readonly #limiter: RateLimiter;
  /** Lists that were asked for: the limiter checks each of them once. */
  #policies = new Map<string, readonly ResolvedPolicy[]>();

  /** @throws InvalidArgumentError that names the option. */
  constructor({ prefix = 'rl:throttler', ...options }: RedisFunctionsThrottlerStorageOptions) {
    this.#limiter = new RateLimiter({ ...options, prefix });
  }

  /** Called by the throttler's guard. Times are given in milliseconds and answered in seconds. */
  async increment(
    key: string,
    ttl: number,
    limit: number,
    blockDuration: number,
    throttlerName: string,
  ): Promise<ThrottlerRecord> {
    // no encoded name has a space: no name and key look like another name and key
    const counter = `${encodeURIComponent(throttlerName)} ${key}`;
    const policies = this.#policiesFor(ttl, Math.max(1, limit), blockDuration);
    if (limit >= 1) return toRecord(await this.#limiter.consume(counter, { policies }));
    return this.#refuse(counter, policies, ttl, blockDuration);
  }

  /** Closes the connection where this storage opened it. */
  async onApplicationShutdown(): Promise<void> {
    await this.#limiter.close();
  }

  /** Nothing is allowed at all: a block begins, as after a request too many, where there is none yet. */
  async #refuse(
    counter: string,
    policies: readonly ResolvedPolicy[],
    ttl: number,
    blockDuration: number,
  ): Promise<ThrottlerRecord> {
    const block = toMs(blockDuration > 0 ? blockDuration : ttl);
    const now = await this.#limiter.peek(counter, { policies });
    if (now.policies.some(({ blocked }) => blocked)) return { ...toRecord(now), totalHits: 1 };
    if (blockDuration > 0 && now.source === 'redis') {
      // nobody waits for it: this request is refused all the same, also where Redis is gone meanwhile
      this.#limiter.block(counter, block, { policies }).catch(() => {});
    }
    return { totalHits: 1, timeToExpire: toSeconds(toMs(ttl)), isBlocked: true, timeToBlockExpire: toSeconds(block) };
  }

  #policiesFor(ttl: number, limit: number, blockDuration: number): readonly ResolvedPolicy[] {
    const id = `${ttl} ${limit} ${blockDuration}`;
    const known = this.#policies.get(id);
    if (known) return known;
    const policies = toPolicies(ttl, limit, blockDuration);
    if (this.#policies.size >= MOST_POLICIES) this.#policies = new Map();
    this.#policies.set(id, policies);
    return policies;
  }
}

/** A window that has no length, as the throttler allows, is the shortest there is. */
function toPolicies(ttl: number, limit: number, blockDuration: number): readonly ResolvedPolicy[] {
  return resolvePolicies([
    {
      name: COUNTER,
      algorithm: 'sliding-log',
      limit: Math.min(Math.floor(limit), Number.MAX_SAFE_INTEGER),
      window: toMs(ttl),
      block: blockDuration > 0 ? toMs(blockDuration) : undefined,
    },
  ]);
}

function toRecord({ allowed, limit, remaining, retryAfterMs, resetAfterMs }: Decision): ThrottlerRecord {
  return {
    totalHits: limit - remaining + (allowed ? 0 : 1),
    timeToExpire: toSeconds(resetAfterMs),
    isBlocked: !allowed,
    timeToBlockExpire: toSeconds(retryAfterMs),
  };
}

function toMs(duration: number): number {
  return Math.min(Math.max(1, Math.ceil(duration)), LONGEST_MS);
}

function toSeconds(ms: number): number {
  return Math.ceil(ms / 1_000);
}

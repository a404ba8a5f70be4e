import { InvalidArgumentError, parseDuration, UnavailableError } from '@redis-functions/core';
import {
  type ConnectionOptions,
  type Decision,
  RateLimiter,
  type RateLimiterOptions,
  type ResolvedPolicy,
  resolvePolicies,
} from '@redis-functions/rate-limit';
import { serverOf } from '../server.js';

/** Where the server is: give `client`, `url` or `functions`, or none for REDIS_URL, else redis://localhost:6379. */
export interface RateLimitStoreOptions
  extends ConnectionOptions,
    Pick<RateLimiterOptions, 'deadlineMs' | 'startupMs' | 'instances' | 'localCapacity' | 'onError'> {
  /** What the keys in Redis begin with: another one for each limiter that has windows as long. Default: `rl:store`. */
  prefix?: string;
  /**
   * While Redis is away: `local` counts in this process; `reject` lets express-rate-limit's `passOnStoreError` decide.
   * Default: `local`.
   */
  onUnavailable?: 'local' | 'reject';
}

/** What express-rate-limit wants to know of a client. */
export interface ClientHits {
  totalHits: number;
  resetTime: Date | undefined;
}

/** Far above every limit: the store counts, and express-rate-limit compares. */
const NO_LIMIT = 2 ** 31 - 1;
const NOBODY = 'unknown';

/**
 * Store for express-rate-limit: `rateLimit({ store: new RateLimitStore({ url }) })`. Counts in fixed windows that begin
 * with a client's first request, in one step each, by the clock of the server; an answer comes in bounded time whatever
 * state Redis is in, and Redis may be away at the start. There is no `resetAll`: a shared Redis is no place to look through
 * all keys in; change `prefix` instead.
 */
export class RateLimitStore {
  /** Other processes count in the same place. */
  readonly localKeys = false;
  readonly prefix: string;
  readonly #limiter: RateLimiter;
  readonly #rejects: boolean;
  #policies: readonly ResolvedPolicy[] | undefined;
  #lastError: Error | undefined;

  /** @throws InvalidArgumentError that names the option. */
  constructor(options: RateLimitStoreOptions = {}) {
    const { prefix = 'rl:store', onUnavailable = 'local', client, url, functions, ...rest } = options;
    if (onUnavailable !== 'local' && onUnavailable !== 'reject') {
      throw new InvalidArgumentError('onUnavailable', "onUnavailable must be 'local' or 'reject'. Choose one.");
    }
    this.prefix = prefix;
    this.#rejects = onUnavailable === 'reject';
    this.#limiter = new RateLimiter({
      ...rest,
      ...serverOf(options),
      prefix,
      onUnavailable: this.#rejects ? 'deny' : 'local',
    });
    this.#limiter.on('fallback', (_decision, error) => {
      this.#lastError = error;
    });
  }

  /** Called by express-rate-limit, with its options. */
  init({ windowMs }: { readonly windowMs: number }): void {
    const window = parseDuration('windowMs', typeof windowMs === 'number' ? Math.ceil(windowMs) : windowMs);
    this.#policies = resolvePolicies([{ limit: NO_LIMIT, window, algorithm: 'fixed-window' }]);
    // connects now, so that the first request need not wait; what is wrong is said by the first decision
    this.#limiter.ready().catch(() => {});
  }

  /** Counts a request. @throws UnavailableError while Redis is away, where `onUnavailable` is `reject`. */
  async increment(key: string): Promise<ClientHits> {
    return this.#toHits(await this.#limiter.consume(toText(key), this.#asked()));
  }

  /** What was counted of a client in its window; undefined for nothing. @throws As `increment`. */
  async get(key: string): Promise<ClientHits | undefined> {
    const hits = this.#toHits(await this.#limiter.peek(toText(key), this.#asked()));
    return hits.totalHits === 0 ? undefined : hits;
  }

  /** Takes back one request of the window; does nothing where there is none. @throws As `increment`. */
  async decrement(key: string): Promise<void> {
    try {
      await this.#limiter.reward(toText(key), 1, this.#asked());
    } catch (error) {
      // this process has taken it back where it counted itself; what Redis counted stays until the window ends
      if (this.#rejects || !(error instanceof UnavailableError)) throw error;
    }
  }

  /** Forgets a client. @throws UnavailableError. */
  async resetKey(key: string): Promise<void> {
    await this.#limiter.reset(toText(key), this.#asked());
  }

  /** Closes the connection where this store opened it, and nobody else uses it. */
  async shutdown(): Promise<void> {
    await this.#limiter.close();
  }

  #asked(): { policies: readonly ResolvedPolicy[] } {
    if (this.#policies === undefined) {
      throw new InvalidArgumentError(
        'windowMs',
        'The store does not know its window: init() was not called, or refused windowMs. Give the store to rateLimit().',
      );
    }
    return { policies: this.#policies };
  }

  #toHits({ source, limit, remaining, resetAfterMs }: Decision): ClientHits {
    if (source === 'unavailable') {
      throw new UnavailableError('NOT_CONNECTED', 'Redis does not count this request. See the cause.', {
        cause: this.#lastError,
      });
    }
    return { totalHits: limit - remaining, resetTime: new Date(Date.now() + resetAfterMs) };
  }
}

/** What an application's keyGenerator returns may be nothing: such requests count together, as in other stores. */
function toText(key: unknown): string {
  return String(key ?? '') || NOBODY;
}

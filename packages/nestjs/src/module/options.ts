import type { CartServiceOptions } from '@redis-functions/cart';
import type { RedisFunctionsOptions } from '@redis-functions/core';
import type { HeaderOptions, Policy, RateLimiterOptions } from '@redis-functions/rate-limit';
import type { SessionServiceOptions } from '@redis-functions/session';

/** What the module itself gives to the services. */
type Shared = 'client' | 'functions' | 'url';

export interface RateLimitOptions extends Omit<RateLimiterOptions, Shared | 'policies'> {
  /** Policies that `@RateLimited('name')` refers to. A name means the same bucket on every route. Default: none. */
  policies?: Readonly<Record<string, Policy | readonly Policy[]>>;
  /** Header fields of limited routes. Default: those of the current draft, no legacy ones. */
  headers?: HeaderOptions;
}

/** Options of `RedisFunctionsModule.forRoot`. */
export interface RedisFunctionsModuleOptions extends RedisFunctionsOptions {
  /**
   * When the server is away at start: `retry` starts the application all the same and deploys when the server is back,
   * `fail` rejects the start. A library that the server refuses fails the start in both. Default: `retry`.
   */
  onUnavailableAtStart?: 'retry' | 'fail';
  /** Options of the injectable `RateLimiter`, of `@RateLimited()` and its named policies. Default: see each option. */
  rateLimit?: RateLimitOptions;
  /** Options of the injectable `SessionService`. Without them it cannot be used. */
  session?: Omit<SessionServiceOptions, Shared>;
  /** Options of the injectable `CartService` and `InventoryService`. Without them they cannot be used. */
  cart?: Omit<CartServiceOptions, Shared>;
}

import type { ExecutionContext } from '@nestjs/common';
import type { CartServiceOptions } from '@redis-functions/cart';
import type { RedisFunctionsOptions } from '@redis-functions/core';
import type { HeaderOptions, RateLimiterOptions } from '@redis-functions/rate-limit';
import type { ContextPolicy, RateLimitKeyFunction } from '../rate-limit/metadata.js';
import type { SessionModuleOptions } from '../session/options.js';

/** What the module itself gives to the services. */
type Shared = 'client' | 'functions' | 'url';

export interface RateLimitOptions extends Omit<RateLimiterOptions, Shared | 'policies'> {
  /**
   * Policies that `@RateLimited('name')` refers to. A client has one counter of a name wherever it is used: in Redis under
   * the client's key and the name, or `name.policy` for each of several. `limit` and `cost` may be functions of the
   * context, and use what `forRootAsync` injects. `default` is for `@RateLimited()` and a global guard. Default: only
   * that, 100 requests at once and 10 per second after.
   */
  policies?: Readonly<Record<string, ContextPolicy | readonly ContextPolicy[]>>;
  /**
   * Whose counter a call uses, where no `@RateLimitKey` says so; for calls of all protocols, see `context.getType()`.
   * Default: by the client's address; in microservices, all callers of a handler together.
   */
  key?: RateLimitKeyFunction;
  /** Bits of an IPv6 address that make one client, 32 to 64; false for all. Default: 56. */
  ipv6Subnet?: number | false;
  /** True lets a call pass without being counted. Default: none passes so. */
  skip?: (context: ExecutionContext) => boolean | Promise<boolean>;
  /** Header fields of limited HTTP responses. Default: those of the current draft, no legacy ones. */
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
  /** Options of the injectable `SessionService` and of the sessions of requests. Without them there are none. */
  session?: SessionModuleOptions;
  /** Options of the injectable `CartService` and `InventoryService`. Without them they cannot be used. */
  cart?: Omit<CartServiceOptions, Shared>;
}

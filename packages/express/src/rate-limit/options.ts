import type { Duration } from '@redis-functions/core';
import type { BlockOptions, HeaderFormat, Policy, RateLimiter, RateLimiterOptions } from '@redis-functions/rate-limit';
import type { NextFunction, Request, Response } from 'express';
import type { ValidateOptions } from './checks.js';
import type { RateLimitInfo } from './request-info.js';

/** A value that depends on the request. */
export type FromRequest<T> = (request: Request, response: Response) => T | Promise<T>;

/** Answers a refused request. `options` says how the others are answered. */
export type RateLimitHandler = (
  request: Request,
  response: Response,
  next: NextFunction,
  options: RefusalOptions,
) => unknown;

export interface RefusalOptions {
  readonly statusCode: number;
  /** The body that would be sent: what `message` says or returned, the problem, or the default sentence. */
  readonly message: unknown;
  /** Of the policy that refused. */
  readonly limit: number;
  /** Of the policy that refused. */
  readonly windowMs: number;
  readonly requestPropertyName: string;
  readonly info: RateLimitInfo;
}

/** Every option may be left out. Those with the names of express-rate-limit mean what they mean there. */
export interface RateLimitOptions extends Omit<RateLimiterOptions, 'policies'> {
  /**
   * An existing limiter, for its connection and its ways; it stays open at `close()`. Default: one of its own, on `client`,
   * `functions` or `url`, else on the environment's REDIS_URL, else on redis://localhost:6379.
   */
  limiter?: RateLimiter;
  /** Requests per window, of one policy. Default: 100. */
  limit?: number | FromRequest<number>;
  /** Milliseconds, or `'10s'`, `'1m'`, `'1h'`. Default: `'1m'` where `limit` is given, else `'10s'`. */
  window?: Duration;
  /** Another name for `window`, as in express-rate-limit. */
  windowMs?: number;
  /**
   * Name of the one policy: of its counter and in the headers. Two middlewares with policies of one name (and one `prefix`)
   * count together. Default: `default` without `limit` and `window`, else the window, like `1m`.
   */
  name?: string;
  /** The one policy's windows begin by the clock (`fixed-window` only). Default: with a client's first request. */
  aligned?: boolean;
  /** The one policy counts and reports, and refuses nobody: for trying it out. Default: false. */
  shadow?: boolean;
  /** How long whoever goes over the one policy's limit is refused altogether. Default: until a request fits again. */
  block?: Duration | BlockOptions;
  /**
   * Several policies, asked together, all or nothing; instead of `limit` and `window`. As a function, by request: a list
   * that it returned before is taken as unchanged.
   */
  policies?: readonly Policy[] | FromRequest<readonly Policy[]>;
  /** What the keys in Redis begin with. Default: `rl:express`. */
  prefix?: string;
  /** Who a request belongs to. Nothing, or an empty text, counts as its client address. Default: the client address. */
  keyGenerator?: FromRequest<string | number | undefined>;
  /** Another name for `keyGenerator`. */
  key?: FromRequest<string | number | undefined>;
  /** Bits of an IPv6 address that make one client, 32 to 64; false for all. Default: 56. */
  ipv6Subnet?: number | false | FromRequest<number | false>;
  /** Units that a request takes. Default: 1. */
  cost?: number | FromRequest<number>;
  /** True lets a request pass without being counted. Default: none passes so. */
  skip?: FromRequest<boolean>;
  /** Requests that ended well are not counted, once they have ended. Default: false. */
  skipSuccessfulRequests?: boolean;
  /** Requests that ended badly, or whose client went away, are not counted, once they have ended. Default: false. */
  skipFailedRequests?: boolean;
  /** Whether a request that was answered ended well. Default: with a status below 400. */
  requestWasSuccessful?: FromRequest<boolean>;
  /** Body of a refusal: anything that `response.send` takes, or a function that makes it. Default: a sentence. */
  message?: unknown;
  /** Answers refusals with `application/problem+json`, instead of a `message`. Default: false. */
  problem?: boolean;
  /** Status of a refusal. Where Redis cannot be asked and `onUnavailable` is `deny`, it is 503. Default: 429. */
  statusCode?: number;
  /** Answers a refused request; headers are set already. Default: sends `message` with `statusCode`. */
  handler?: RateLimitHandler;
  /** Property of the request that says what was decided. Default: `rateLimit`. */
  requestPropertyName?: string;
  /** Which RateLimit header fields; true for `draft-6`, false for none. Default: `draft-11`. */
  standardHeaders?: boolean | HeaderFormat;
  /** Adds the X-RateLimit header fields. Default: false. */
  legacyHeaders?: boolean;
  /**
   * Adds `pk`, a short hash of the key, to the lists of `draft-8` and later: clients tell their quotas apart by it. Not for
   * keys that a client must not learn, and that could be guessed. Default: false.
   */
  partitionKey?: boolean;
  /** What the one policy is called in the header fields. Default: its name. */
  identifier?: string | FromRequest<string>;
  /** True is `onUnavailable: 'allow'`, false is `onUnavailable: 'deny'`. Default: as `onUnavailable` says. */
  passOnStoreError?: boolean;
  /** Which mistakes in the setup are looked for: all, none, or all but those named. Default: true. */
  validate?: boolean | ValidateOptions;
}

/** Complete by its type: an option that is missing here does not compile. */
const KNOWN: Readonly<Record<keyof RateLimitOptions, true>> = {
  limiter: true,
  client: true,
  url: true,
  functions: true,
  limit: true,
  window: true,
  windowMs: true,
  name: true,
  aligned: true,
  shadow: true,
  block: true,
  policies: true,
  algorithm: true,
  prefix: true,
  deadlineMs: true,
  startupMs: true,
  onUnavailable: true,
  instances: true,
  localCapacity: true,
  denyCache: true,
  nearLimit: true,
  onError: true,
  keyGenerator: true,
  key: true,
  ipv6Subnet: true,
  cost: true,
  skip: true,
  skipSuccessfulRequests: true,
  skipFailedRequests: true,
  requestWasSuccessful: true,
  message: true,
  problem: true,
  statusCode: true,
  handler: true,
  requestPropertyName: true,
  standardHeaders: true,
  legacyHeaders: true,
  partitionKey: true,
  identifier: true,
  passOnStoreError: true,
  validate: true,
};

export const KNOWN_OPTIONS = Object.keys(KNOWN);

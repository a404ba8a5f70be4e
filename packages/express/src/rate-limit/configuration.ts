import { InvalidArgumentError } from '@redis-functions/core';
import {
  type HeaderFormat,
  type HeaderOptions,
  RateLimiter,
  type RateLimiterOptions,
} from '@redis-functions/rate-limit';
import { assertFunction, assertInteger, assertKnown, refuseBoth } from './checks.js';
import type { FromRequest, RateLimitHandler, RateLimitOptions } from './options.js';
import { type PolicySource, toPolicySource } from './policy-source.js';

const DEFAULT_URL = 'redis://localhost:6379';
const HEADER_FORMATS: readonly unknown[] = ['draft-6', 'draft-7', 'draft-8', 'draft-11'] satisfies HeaderFormat[];

/** Options of the limiter itself; one that is brought along has them already. */
const OF_LIMITER = [
  'client',
  'url',
  'functions',
  'prefix',
  'deadlineMs',
  'startupMs',
  'onUnavailable',
  'localCapacity',
  'onError',
] as const satisfies readonly (keyof RateLimiterOptions)[];

/** Options that have been checked, every default in place. */
export interface Configuration {
  readonly limiter: RateLimiter;
  /** The limiter was made here: it is closed here, and its counters are this middleware's own. */
  readonly ownsLimiter: boolean;
  readonly prefix: string;
  readonly policies: PolicySource;
  /** Undefined for the client's address. */
  readonly key: FromRequest<unknown> | undefined;
  readonly ipv6Subnet: number | false;
  readonly cost: number | FromRequest<number>;
  readonly skip: FromRequest<boolean> | undefined;
  /** Undefined for the default sentence. */
  readonly message: unknown;
  readonly statusCode: number;
  readonly handler: RateLimitHandler | undefined;
  readonly requestPropertyName: string;
  readonly headers: HeaderOptions;
  readonly identifier: string | FromRequest<string> | undefined;
}

/** @throws InvalidArgumentError or CostAboveCapacityError that names the option. */
export function resolveOptions(options: RateLimitOptions): Configuration {
  assertKnown(options);
  const {
    limiter,
    prefix = 'rl:express',
    key,
    keyGenerator = key,
    ipv6Subnet = 56,
    cost = 1,
    skip,
    message,
    statusCode = 429,
    handler,
    requestPropertyName = 'rateLimit',
    standardHeaders = 'draft-11',
    legacyHeaders = false,
    identifier,
  } = options;
  refuseBoth(options, 'key', 'keyGenerator');
  assertFunction('keyGenerator', keyGenerator);
  assertFunction('skip', skip);
  assertFunction('handler', handler);
  if (ipv6Subnet !== false) assertInteger('ipv6Subnet', ipv6Subnet, 32, 64);
  assertInteger('statusCode', statusCode, 400, 599);
  if (typeof requestPropertyName !== 'string' || requestPropertyName === '') {
    throw new InvalidArgumentError('requestPropertyName', 'requestPropertyName must name a property. Give its name.');
  }
  if (limiter !== undefined) for (const option of OF_LIMITER) refuseBoth(options, 'limiter', option);
  const policies = toPolicySource(options, limiter);
  if (typeof identifier !== 'string') assertFunction('identifier', identifier);
  if (identifier !== undefined && policies.fixed.length > 1) {
    throw new InvalidArgumentError(
      'identifier',
      'identifier is for one policy, and there are several. Give each a "name".',
    );
  }
  const headers = { standard: toFormat(standardHeaders), legacy: legacyHeaders };
  return {
    limiter: limiter ?? makeLimiter(options, prefix),
    ownsLimiter: limiter === undefined,
    prefix,
    policies,
    key: keyGenerator,
    ipv6Subnet,
    cost,
    skip,
    message,
    statusCode,
    handler,
    requestPropertyName,
    headers,
    identifier,
  };
}

function makeLimiter(options: RateLimitOptions, prefix: string): RateLimiter {
  const given = OF_LIMITER.filter((option) => options[option] !== undefined);
  const own: RateLimiterOptions = Object.fromEntries(given.map((option) => [option, options[option]]));
  const hasServer = given.some((option) => option === 'client' || option === 'url' || option === 'functions');
  // an empty REDIS_URL is one that was not set
  const server = hasServer ? {} : { url: process.env['REDIS_URL'] || DEFAULT_URL };
  return new RateLimiter({ ...own, ...server, prefix });
}

/** As in express-rate-limit, true is the oldest of the drafts. */
function toFormat(standardHeaders: RateLimitOptions['standardHeaders']): HeaderFormat | false {
  const format = standardHeaders === true ? 'draft-6' : standardHeaders;
  if (format === false || HEADER_FORMATS.includes(format)) return format as HeaderFormat | false;
  throw new InvalidArgumentError(
    'standardHeaders',
    `standardHeaders is ${String(format)}. Give ${HEADER_FORMATS.join(', ')}, true or false.`,
  );
}

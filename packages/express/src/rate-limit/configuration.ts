import { InvalidArgumentError } from '@redis-functions/core';
import {
  type HeaderFormat,
  type HeaderOptions,
  RateLimiter,
  type RateLimiterOptions,
} from '@redis-functions/rate-limit';
import { serverOf } from '../server.js';
import {
  assertBoolean,
  assertFunction,
  assertInteger,
  assertKnown,
  assertSubnet,
  assertValidate,
  refuseBoth,
} from './assert-options.js';
import { Checks } from './checks.js';
import { failureReport } from './failure-report.js';
import type { FromRequest, RateLimitHandler, RateLimitOptions } from './options.js';
import { type PolicySource, toPolicySource } from './policy-source.js';
import { expectVisits } from './visits.js';

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
  'instances',
  'localCapacity',
  'denyCache',
  'nearLimit',
  'onError',
] as const satisfies readonly (keyof RateLimiterOptions)[];

const FUNCTIONS = ['skip', 'handler', 'requestWasSuccessful'] as const satisfies readonly (keyof RateLimitOptions)[];
const BOOLEANS = [
  'skipSuccessfulRequests',
  'skipFailedRequests',
  'legacyHeaders',
  'partitionKey',
  'problem',
  'passOnStoreError',
] as const satisfies readonly (keyof RateLimitOptions)[];

/** Options that have been checked, every default in place. */
export interface Configuration {
  readonly limiter: RateLimiter;
  /** The limiter was made here: it is closed here, and its counters are this middleware's own. */
  readonly ownsLimiter: boolean;
  readonly prefix: string;
  readonly policies: PolicySource;
  /** Undefined for the client's address. */
  readonly key: FromRequest<unknown> | undefined;
  readonly ipv6Subnet: number | false | FromRequest<number | false>;
  readonly cost: number | FromRequest<number>;
  readonly skip: FromRequest<boolean> | undefined;
  readonly skipSuccessful: boolean;
  readonly skipFailed: boolean;
  readonly requestWasSuccessful: FromRequest<boolean>;
  /** Undefined for the default sentence. */
  readonly message: unknown;
  readonly problem: boolean;
  readonly statusCode: number;
  readonly handler: RateLimitHandler | undefined;
  readonly requestPropertyName: string;
  readonly headers: HeaderOptions;
  readonly identifier: string | FromRequest<string> | undefined;
  readonly checks: Checks;
  /** Hears what went wrong after the response, when there is nobody left to tell. */
  readonly report: (error: Error) => void;
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
    skipSuccessfulRequests = false,
    skipFailedRequests = false,
    requestWasSuccessful = hasGoodStatus,
    message,
    problem = false,
    statusCode = 429,
    handler,
    requestPropertyName = 'rateLimit',
    standardHeaders = 'draft-11',
    legacyHeaders = false,
    partitionKey = false,
    identifier,
    onError,
    validate = true,
  } = options;
  assertValidate(validate);
  refuseBoth(options, 'key', 'keyGenerator');
  refuseBoth(options, 'message', 'problem');
  refuseBoth(options, 'onUnavailable', 'passOnStoreError');
  assertFunction('keyGenerator', keyGenerator);
  for (const field of FUNCTIONS) assertFunction(field, options[field]);
  for (const field of BOOLEANS) assertBoolean(field, options[field]);
  if (typeof ipv6Subnet !== 'function') assertSubnet(ipv6Subnet);
  assertInteger('statusCode', statusCode, 400, 599);
  if (typeof requestPropertyName !== 'string' || requestPropertyName === '' || requestPropertyName === '__proto__') {
    throw new InvalidArgumentError('requestPropertyName', 'requestPropertyName must name a property. Give its name.');
  }
  if (limiter !== undefined) {
    for (const option of [...OF_LIMITER, 'passOnStoreError'] as const) refuseBoth(options, 'limiter', option);
  }
  const policies = toPolicySource(options, limiter);
  if (typeof identifier !== 'string') assertFunction('identifier', identifier);
  if (identifier !== undefined && (policies.fixed.length > 1 || typeof options.policies === 'function')) {
    throw new InvalidArgumentError(
      'identifier',
      'identifier is for one policy, and there are several. Give each a "name".',
    );
  }
  expectVisits(requestPropertyName);
  return {
    limiter: limiter ?? makeLimiter(options, prefix),
    ownsLimiter: limiter === undefined,
    prefix,
    policies,
    key: keyGenerator,
    ipv6Subnet,
    cost,
    skip,
    skipSuccessful: skipSuccessfulRequests,
    skipFailed: skipFailedRequests,
    requestWasSuccessful,
    message,
    problem,
    statusCode,
    handler,
    requestPropertyName,
    headers: { standard: toFormat(standardHeaders), legacy: legacyHeaders, partitionKey },
    identifier,
    checks: new Checks(validate),
    report: failureReport(onError),
  };
}

function hasGoodStatus(_request: unknown, { statusCode }: { statusCode: number }): boolean {
  return statusCode < 400;
}

function makeLimiter(options: RateLimitOptions, prefix: string): RateLimiter {
  const { passOnStoreError } = options;
  const given = OF_LIMITER.filter((option) => options[option] !== undefined);
  const own: Partial<RateLimiterOptions> = Object.fromEntries(given.map((option) => [option, options[option]]));
  if (passOnStoreError !== undefined) own.onUnavailable = passOnStoreError ? 'allow' : 'deny';
  return new RateLimiter({ ...own, ...serverOf(options), prefix });
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

import { InvalidArgumentError } from '@redis-functions/core';
import { CHECK_NAMES, type ValidateOptions } from './checks.js';
import { KNOWN_OPTIONS, type RateLimitOptions } from './options.js';

/** What to do instead, for options of express-rate-limit that do not exist here. */
const INSTEAD: Readonly<Record<string, string>> = {
  max: 'It is called "limit"',
  headers: 'It is called "legacyHeaders"',
  draft_polli_ratelimit_headers: 'It is called "standardHeaders"',
  onLimitReached: 'Use "handler", or the event "denied" of the limiter',
  store: 'The counters are in Redis: give url, client or functions',
  retryAfter: 'Retry-After says what the wait is; set another in "handler"',
  logger: 'Listen to process.on("warning") and to the events of the limiter',
};

/** @throws InvalidArgumentError for what is no object, and for an option that does not exist: a misspelt limit would limit nothing. */
export function assertKnown(options: RateLimitOptions): void {
  if (typeof options !== 'object' || options === null) {
    throw new InvalidArgumentError('options', 'options is not an object. Give one, or nothing.');
  }
  if (!asksForKnownOptions(options.validate)) return;
  for (const name of Object.keys(options)) {
    if (KNOWN_OPTIONS.includes(name)) continue;
    const instead = INSTEAD[name] ?? `Take it out, or choose from: ${KNOWN_OPTIONS.join(', ')}`;
    throw new InvalidArgumentError(name, `rateLimit() has no option "${name}". ${instead}.`);
  }
}

/** @throws InvalidArgumentError unless it is what `validate` may be. */
export function assertValidate(validate: unknown): asserts validate is boolean | ValidateOptions {
  if (typeof validate === 'boolean') return;
  if (typeof validate !== 'object' || validate === null) {
    throw new InvalidArgumentError('validate', 'validate must be true, false or an object. Choose one.');
  }
  for (const [name, value] of Object.entries(validate)) {
    if (!CHECK_NAMES.includes(name)) {
      throw new InvalidArgumentError(
        `validate.${name}`,
        `There is no check "${name}". Take it out, or choose from: ${CHECK_NAMES.join(', ')}.`,
      );
    }
    assertBoolean(`validate.${name}`, value);
  }
}

function asksForKnownOptions(validate: RateLimitOptions['validate'] = true): boolean {
  return typeof validate !== 'object' ? validate !== false : (validate?.knownOptions ?? validate?.default ?? true);
}

export function refuseBoth(
  options: RateLimitOptions,
  one: keyof RateLimitOptions,
  other: keyof RateLimitOptions,
): void {
  if (options[one] === undefined || options[other] === undefined) return;
  throw new InvalidArgumentError(other, `${one} and ${other} are both given. Leave one of them out.`);
}

export function assertFunction(field: string, value: unknown): void {
  if (value === undefined || typeof value === 'function') return;
  throw new InvalidArgumentError(field, `${field} is not a function. Give one, or leave it out.`);
}

export function assertBoolean(field: string, value: unknown): void {
  if (value === undefined || typeof value === 'boolean') return;
  throw new InvalidArgumentError(field, `${field} is neither true nor false. Give one of them, or leave it out.`);
}

export function assertInteger(field: string, value: unknown, least: number, most: number): void {
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return;
  throw new InvalidArgumentError(field, `${field} is ${String(value)}. Give a whole number from ${least} to ${most}.`);
}

export function assertSubnet(value: unknown): asserts value is number | false {
  if (value !== false) assertInteger('ipv6Subnet', value, 32, 64);
}

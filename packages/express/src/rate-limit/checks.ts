import { InvalidArgumentError } from '@redis-functions/core';
import { KNOWN_OPTIONS, type RateLimitOptions } from './options.js';

/** @throws InvalidArgumentError for an option that does not exist: a misspelt limit would limit nothing. */
export function assertKnown(options: RateLimitOptions): void {
  if (typeof options !== 'object' || options === null) {
    throw new InvalidArgumentError('options', 'options is not an object. Give one, or nothing.');
  }
  for (const name of Object.keys(options)) {
    if (KNOWN_OPTIONS.includes(name)) continue;
    throw new InvalidArgumentError(
      name,
      `rateLimit() has no option "${name}". Take it out, or choose from: ${KNOWN_OPTIONS.join(', ')}.`,
    );
  }
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

export function assertInteger(field: string, value: unknown, least: number, most: number): void {
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return;
  throw new InvalidArgumentError(field, `${field} is ${String(value)}. Give a whole number from ${least} to ${most}.`);
}

// Checks of what a call is given, for `encode`: a wrong value is refused before the network, with the name of the argument.
// Modules of `redis-functions generate` use them.
import { InvalidArgumentError } from '../errors.js';
import type { Argument } from './function.js';

/** @throws InvalidArgumentError unless it is a whole number up to 2^53-1, which Lua and JavaScript keep exactly. */
export function checkInteger(name: string, value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  throw refused(name, value, 'a whole number up to 2^53-1');
}

/** @throws InvalidArgumentError unless it is a finite number. */
export function checkNumber(name: string, value: unknown): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw refused(name, value, 'a finite number');
}

/** @throws InvalidArgumentError unless it is text. */
export function checkText(name: string, value: unknown): string {
  if (typeof value === 'string') return value;
  throw refused(name, value, 'text');
}

/** @returns `1` or `0`: arguments are texts. @throws InvalidArgumentError unless it is a boolean. */
export function checkBoolean(name: string, value: unknown): 0 | 1 {
  if (typeof value === 'boolean') return value ? 1 : 0;
  throw refused(name, value, 'true or false');
}

/** @throws InvalidArgumentError unless it is one of the choices. */
export function checkOneOf<const Choice extends string>(
  name: string,
  value: unknown,
  choices: readonly Choice[],
): Choice {
  if (choices.includes(value as Choice)) return value as Choice;
  throw refused(name, value, choices.map((choice) => JSON.stringify(choice)).join(', '));
}

/**
 * Arguments that may be left out, up to the last one that is given: the place of an argument is its meaning.
 *
 * @throws InvalidArgumentError for one that is left out before another.
 */
export function optionalArguments(given: Readonly<Record<string, Argument | undefined>>): Argument[] {
  const entries = Object.entries(given);
  const count = entries.findLastIndex(([, value]) => value !== undefined) + 1;
  return entries.slice(0, count).map(([name, value]) => {
    if (value === undefined) throw refused(name, value, 'it too, since one after it is given');
    return value;
  });
}

function refused(name: string, value: unknown, wanted: string): InvalidArgumentError {
  const shown = typeof value === 'string' ? JSON.stringify(value.slice(0, 40)) : describe(value);
  return new InvalidArgumentError(name, `${name} is ${shown}. Give ${wanted}.`);
}

function describe(value: unknown): string {
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return String(value);
  return value === undefined ? 'missing' : `a ${typeof value}`;
}

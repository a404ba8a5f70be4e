import { inspect } from 'node:util';
import { CartError } from './cart-error.js';

const MAX_ID_BYTES = 256;
/** Of a line, whose id holds a SKU. */
const MAX_LINE_ID_BYTES = 320;
/** Of a checkout, whose id holds a cart's. */
const MAX_CHECKOUT_ID_BYTES = 400;
// half of a pair has no UTF-8 form: on the wire two different ids would become one
const LONE_SURROGATE = /\p{Surrogate}/u;

/** Ids are compared byte by byte: case and Unicode composition count. */
export function checkId(field: string, value: unknown, mostBytes = MAX_ID_BYTES): string {
  if (typeof value === 'string' && value !== '' && !LONE_SURROGATE.test(value)) {
    if (Buffer.byteLength(value) <= mostBytes) return value;
  }
  throw invalid('INVALID_ARGUMENT', field, value, `text of 1 to ${mostBytes} bytes in UTF-8`);
}

export function checkLineId(value: unknown): string {
  return checkId('lineId', value, MAX_LINE_ID_BYTES);
}

/** @returns The id and the cart that it names. */
export function checkCheckoutId(value: unknown): { checkoutId: string; cartId: string } {
  const checkoutId = checkId('checkoutId', value, MAX_CHECKOUT_ID_BYTES);
  const [, cartId] = /^[A-Za-z0-9_-]{22}\.(.+)$/s.exec(checkoutId) ?? [];
  if (cartId === undefined) throw invalid('INVALID_ARGUMENT', 'checkoutId', value, 'the id of a checkout');
  return { checkoutId, cartId: checkId('checkoutId', cartId) };
}

export function checkObject(field: string, value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null) return value as Readonly<Record<string, unknown>>;
  throw invalid('INVALID_ARGUMENT', field, value, 'an object');
}

export function checkQuantity(field: string, value: unknown, least: 0 | 1): number {
  if (isWhole(value, least)) return value;
  throw invalid('INVALID_QUANTITY', field, value, `a whole number from ${least} to 2^53-1`);
}

/** A number of units to add, or below 0 to take. */
export function checkDelta(field: string, value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value !== 0) return value;
  throw invalid('INVALID_QUANTITY', field, value, 'a whole number from -(2^53-1) to 2^53-1, and not 0');
}

export function checkPrice(field: string, value: unknown): number {
  if (isWhole(value, 0)) return value;
  const expected = 'whole minor units of the currency from 0 to 2^53-1, for example 1999 for 19.99';
  throw invalid('INVALID_ARGUMENT', field, value, expected);
}

export function checkOptional<T>(value: unknown, check: (value: unknown) => T): T | undefined {
  return value === undefined ? undefined : check(value);
}

export function checkOneOf<const T extends string>(field: string, value: unknown, allowed: readonly T[]): T {
  const found = allowed.find((each) => each === value);
  if (found !== undefined) return found;
  throw invalid('INVALID_ARGUMENT', field, value, `one of ${allowed.join(', ')}`);
}

/** An array or a Set, for example; not a text, which is iterable by its letters. */
export function checkList(field: string, value: unknown): unknown[] {
  if (typeof value === 'object' && value !== null && Symbol.iterator in value) {
    return Array.from(value as Iterable<unknown>);
  }
  throw invalid('INVALID_ARGUMENT', field, value, 'an array or a Set');
}

export function invalid(
  code: 'INVALID_ARGUMENT' | 'INVALID_QUANTITY',
  field: string,
  value: unknown,
  expected: string,
): CartError {
  return new CartError({ code, field, value: printable(value), expected });
}

export function isWhole(value: unknown, least: number): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= least && !Object.is(value, -0);
}

/** Short, on one line, and without running code of the value (a getter, a toString). */
export function printable(value: unknown): string {
  const text = inspect(value, {
    depth: 0,
    maxStringLength: 80,
    breakLength: Number.POSITIVE_INFINITY,
    customInspect: false,
  });
  return text.length > 120 ? `${text.slice(0, 120)}…` : text;
}

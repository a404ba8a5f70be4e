import { inspect } from 'node:util';
import { CartError } from './cart-error.js';

const MAX_ID_BYTES = 256;
// half of a pair has no UTF-8 form: on the wire two different ids would become one
const LONE_SURROGATE = /\p{Surrogate}/u;

/** Ids are compared byte by byte: case and Unicode composition count. */
export function checkId(field: string, value: unknown): string {
  if (typeof value === 'string' && value !== '' && !LONE_SURROGATE.test(value)) {
    if (Buffer.byteLength(value) <= MAX_ID_BYTES) return value;
  }
  throw invalid('INVALID_ARGUMENT', field, value, `text of 1 to ${MAX_ID_BYTES} bytes in UTF-8`);
}

/** The SKU of an object that names a line. */
export function checkSku(line: unknown): string {
  if (typeof line === 'object' && line !== null) return checkId('sku', 'sku' in line ? line.sku : undefined);
  throw invalid('INVALID_ARGUMENT', 'line', line, 'an object with a sku');
}

export function checkQuantity(field: string, value: unknown, least: 0 | 1): number {
  if (isWhole(value, least)) return value;
  throw invalid('INVALID_QUANTITY', field, value, `a whole number from ${least} to 2^53-1`);
}

export function checkPrice(sku: unknown, value: unknown): number {
  if (isWhole(value, 0)) return value;
  const expected = 'whole minor units of the currency from 0 to 2^53-1, for example 1999 for 19.99';
  throw invalid('INVALID_ARGUMENT', `the price of ${printable(sku)}`, value, expected);
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
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= least;
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

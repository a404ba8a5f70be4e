import { toArray, toInteger, toText, UnexpectedReplyError } from '@redis-functions/core';
import { CartError, type CartErrorDetails, type CartLimit, type Units } from './cart-error.js';
import type { Reply } from './library.js';

/** What was asked, for a refusal to say. */
export interface Asked {
  readonly sku?: string | undefined;
  readonly line?: string | undefined;
  readonly requested?: number | undefined;
  readonly ifVersion?: number | undefined;
  readonly opId?: string | undefined;
  readonly currency?: string | undefined;
  readonly checkoutId?: string | undefined;
  readonly orderId?: string | undefined;
}

export interface Answer {
  /** What follows the code. */
  readonly values: Reply;
  readonly replayed: boolean;
}

/** @throws CartError for a refusal. */
export function accept(reply: Reply, asked: Asked): Answer {
  const replayed = reply[0] === 'REPLAYED';
  const values = replayed ? reply.slice(1) : reply;
  if (values[0] === 'OK') return { values: values.slice(1), replayed };
  throw new CartError(toDetails(values, asked));
}

/** The facts of a refusal. */
export function toDetails([code, ...rest]: Reply, asked: Asked): CartErrorDetails {
  const { sku = '', line = sku, requested = 0, ifVersion = 0, opId = '', currency = '' } = asked;
  const { checkoutId = '', orderId = '' } = asked;
  switch (code) {
    case 'UNKNOWN_SKU':
      return { code, sku: toText(rest[1] ?? '') || sku };
    case 'OUT_OF_STOCK': {
      const [available, inCart] = [toInteger(rest[0]), toInteger(rest[1])];
      // of a whole cart it is told which product, and all of it was asked for
      if (rest[3] === undefined || rest[3] === '') return { code, sku, requested, available, inCart };
      return { code, sku: toText(rest[3]), requested: inCart, available, inCart };
    }
    case 'LIMIT_EXCEEDED':
      return { code, limit: toText(rest[0]) as CartLimit, max: toInteger(rest[1]), requested: toInteger(rest[2]) };
    case 'PRICE_MISSING':
      return { code, sku: toText(rest[0]) };
    case 'PRICE_CHANGED':
      return { code, sku, expected: toInteger(rest[0]), actual: toIntegerOrNull(rest[1]) };
    case 'TOTAL_CHANGED':
      return { code, expected: toInteger(rest[0]), actual: toInteger(rest[1]) };
    case 'CURRENCY_MISMATCH':
      return { code, cart: toText(rest[0]), given: currency };
    case 'VERSION_CONFLICT':
      return { code, expected: ifVersion, actual: toInteger(rest[0]) };
    case 'IDEMPOTENCY_MISMATCH':
      return { code, opId };
    case 'IN_CHECKOUT':
      return { code, checkoutId: toText(rest[0]), until: new Date(toInteger(rest[1])).toISOString() };
    case 'LINE_NOT_FOUND':
      return { code, line };
    case 'CHECKOUT_NOT_FOUND':
      return { code, checkoutId };
    case 'HOLD_EXPIRED':
      return { code, checkoutId, shortfall: toUnits(rest) };
    case 'ORDER_CONFLICT':
      return { code, orderId, committedAs: toText(rest[0]) || null };
    case 'NOT_TRACKED':
      return { code, sku };
    case 'EMPTY_CART':
    case 'AMOUNT_OVERFLOW':
      return { code };
    default:
      throw unexpected(code);
  }
}

/** Holds have expired that the library had not come to: with them swept, the answer may be another. */
export function hasBacklog(reply: Reply): boolean {
  const refusal = reply[0] === 'REFUSED' ? reply.slice(2) : reply;
  return refusal[0] === 'OUT_OF_STOCK' && refusal[3] === 1;
}

export function unexpected(code: unknown): UnexpectedReplyError {
  return new UnexpectedReplyError(
    `The library "cart" answered ${JSON.stringify(code)}, which this release does not know. Deploy the two together.`,
  );
}

/** "" is the reply's way to say that there is nothing: nil would cut it off on RESP2. */
export function toIntegerOrNull(reply: unknown): number | null {
  return reply === '' ? null : toInteger(reply);
}

export function toTextOrNull(reply: unknown): string | null {
  return toText(reply) || null;
}

export function toDateOrNull(reply: unknown): Date | null {
  return reply === '' ? null : new Date(toInteger(reply));
}

/** Pairs of product and units. */
export function toUnits(reply: Reply): Units[] {
  return inGroups(reply, 2).map(([sku, quantity]) => ({ sku: toText(sku), quantity: toInteger(quantity) }));
}

export function inGroups(reply: Reply, size: number): unknown[][] {
  return Array.from({ length: reply.length / size }, (_, i) => reply.slice(size * i, size * (i + 1)));
}

export { toArray, toInteger, toText };

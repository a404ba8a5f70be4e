import { defineFunction, defineLibrary, toArray, toInteger, toText, UnexpectedReplyError } from '@redis-functions/core';
import type { CartLimit } from './cart-error.js';
import { code } from './generated/cart.lua.js';

/** The last arguments of every function that makes a cart grow. */
export interface Policy {
  readonly ttlMs: number;
  readonly perLine: number;
  readonly lines: number;
  readonly stock: 'none' | 'check-known';
}

export type ChangeReply =
  | { readonly code: 'OK'; readonly quantity: number }
  | { readonly code: 'OUT_OF_STOCK'; readonly available: number; readonly inCart: number }
  | { readonly code: 'UNKNOWN_SKU' }
  | { readonly code: 'LIMIT_EXCEEDED'; readonly limit: CartLimit; readonly max: number; readonly inCart: number };

/** Where two carts hold the same product: both quantities, the larger, that of the target, that of the source. */
export type MergeStrategy = 'sum' | 'max' | 'keep-target' | 'keep-source';

const add = defineFunction('cart_add', { encode: encodeChange, decode: decodeChange });
const set = defineFunction('cart_set', { encode: encodeChange, decode: decodeChange });

const remove = defineFunction('cart_remove', {
  encode: (cart: string, sku: string, quantity: number | 'all', ttlMs: number) => ({
    keys: [cart],
    args: [sku, quantity, ttlMs],
  }),
  decode: (reply) => toInteger(afterOk(reply)[0]),
});

const get = defineFunction('cart_get', {
  encode: (cart: string, prices: string) => ({ keys: [cart, prices] }),
  decode: (reply) => {
    const [total, ...fields] = afterOk(reply);
    const lines = inGroups(fields).map(([sku, quantity, unitPrice, subtotal]) => ({
      sku: toText(sku),
      quantity: toInteger(quantity),
      unitPrice: toIntegerOrNull(unitPrice),
      subtotal: toIntegerOrNull(subtotal),
    }));
    return { total: toIntegerOrNull(total), lines };
  },
  readOnly: true,
});

const clear = defineFunction('cart_clear', {
  encode: (cart: string) => ({ keys: [cart] }),
  decode: (reply) => toInteger(afterOk(reply)[0]),
});

const merge = defineFunction('cart_merge', {
  encode: (source: string, target: string, stock: string, strategy: MergeStrategy, policy: Policy) => ({
    keys: [source, target, stock],
    args: [strategy, ...policyArguments(policy)],
  }),
  decode: (reply) => {
    const [lines, ...fields] = afterOk(reply);
    const adjustments = inGroups(fields).map(([sku, wanted, quantity, reason]) => ({
      sku: toText(sku),
      wanted: toInteger(wanted),
      quantity: toInteger(quantity),
      reason: toText(reason) as 'stock' | CartLimit,
    }));
    return { lines: toInteger(lines), adjustments };
  },
});

const setStock = defineFunction('cart_stock_set', { encode: encodeNumbers, decode: afterOk });
const setPrices = defineFunction('cart_price_set', { encode: encodeNumbers, decode: afterOk });
const getStock = defineFunction('cart_stock_get', { encode: encodeSkus, decode: decodeNumbers, readOnly: true });
const getPrices = defineFunction('cart_price_get', { encode: encodeSkus, decode: decodeNumbers, readOnly: true });

/** The library `cart`: carts, stock and prices. The contract is on top of its Lua file. */
export const cartLibrary = defineLibrary({
  code,
  functions: { add, set, remove, get, clear, merge, setStock, getStock, setPrices, getPrices },
});

function encodeChange(cart: string, stock: string, sku: string, quantity: number, policy: Policy) {
  return { keys: [cart, stock], args: [sku, quantity, ...policyArguments(policy)] };
}

function policyArguments({ ttlMs, perLine, lines, stock }: Policy) {
  return [ttlMs, perLine, lines, stock];
}

function decodeChange(reply: unknown): ChangeReply {
  const [code, ...rest] = toArray(reply);
  switch (code) {
    case 'OK':
      return { code, quantity: toInteger(rest[0]) };
    case 'OUT_OF_STOCK':
      return { code, available: toInteger(rest[0]), inCart: toInteger(rest[1]) };
    case 'UNKNOWN_SKU':
      return { code };
    case 'LIMIT_EXCEEDED':
      return { code, limit: toText(rest[0]) as CartLimit, max: toInteger(rest[1]), inCart: toInteger(rest[2]) };
    default:
      throw unexpected(code);
  }
}

function encodeNumbers(key: string, numbers: readonly (readonly [sku: string, value: number])[]) {
  return { keys: [key], args: numbers.flat() };
}

function encodeSkus(key: string, skus: readonly string[]) {
  return { keys: [key], args: skus };
}

function decodeNumbers(reply: unknown): (number | null)[] {
  return afterOk(reply).map(toIntegerOrNull);
}

function afterOk(reply: unknown): readonly unknown[] {
  const [code, ...rest] = toArray(reply);
  if (code !== 'OK') throw unexpected(code);
  return rest;
}

function unexpected(code: unknown): UnexpectedReplyError {
  return new UnexpectedReplyError(
    `The library "cart" answered ${JSON.stringify(code)}, which this release does not know. Deploy the two together.`,
  );
}

/** A flat reply has four fields per line. */
function inGroups(fields: readonly unknown[]): unknown[][] {
  return Array.from({ length: fields.length / 4 }, (_, i) => fields.slice(4 * i, 4 * i + 4));
}

/** "" is the reply's way to say that there is no number: nil would cut it off on RESP2. */
function toIntegerOrNull(reply: unknown): number | null {
  return reply === '' ? null : toInteger(reply);
}

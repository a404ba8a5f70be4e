import {
  assertHashTag,
  type Handle,
  InvalidArgumentError,
  type LibraryConnection,
  useLibrary,
} from '@redis-functions/core';
import { isWhole, printable } from './input.js';
import { ShopKeys } from './keys.js';
import { cartLibrary, type Policy } from './library.js';

export interface CartServiceOptions extends LibraryConnection {
  /**
   * The shop whose carts, stock and prices these are: 1–64 letters, digits, `.`, `_` or `-`. It is the hash tag of all
   * its keys, so in a cluster one shop lives in one slot.
   */
  shop: string;
  /** ISO 4217 code of the prices, for example `EUR`. Amounts are whole minor units of it (cents; yen for JPY). */
  currency: string;
  /** First part of every key. No braces, no white space. Default: `rf`. */
  prefix?: string;
  /**
   * `check`: one cart cannot hold more of a product than its stock, and a product without a level is refused. It takes
   * nothing from the stock: it does not keep two carts from the same last unit, so the stock must be taken when an order
   * is placed. `none`: stock is not looked at. Default: `check`.
   */
  stock?: 'none' | 'check';
  ttl?: {
    /** Milliseconds that a cart lives after its last change. Default: 86 400 000 (24 hours). */
    idleMs?: number;
  };
  limits?: {
    /** Units in one line. Default: 10 000. */
    perLine?: number;
    /** Lines in one cart. Default: 100. */
    lines?: number;
  };
}

/** The options as the services may trust them. */
export interface CartConfiguration {
  readonly library: Handle<(typeof cartLibrary)['functions']>;
  readonly keys: ShopKeys;
  readonly currency: string;
  readonly policy: Policy;
}

/** @throws InvalidArgumentError that names the option. */
export function resolveOptions(options: CartServiceOptions): CartConfiguration {
  const { shop, currency, prefix = 'rf', stock = 'check', ttl = {}, limits = {} } = options;
  const { idleMs = 86_400_000 } = ttl;
  const { perLine = 10_000, lines = 100 } = limits;
  assertHashTag('shop', shop);
  if (typeof currency !== 'string' || !/^[A-Z]{3}$/.test(currency)) {
    throw refused('currency', currency, 'Give the three capital letters of ISO 4217, for example "EUR".');
  }
  if (typeof prefix !== 'string' || !/^[^{}\s]{1,64}$/.test(prefix)) {
    throw refused(
      'prefix',
      prefix,
      'Give 1 to 64 characters without braces and white space: a brace would move the hash tag.',
    );
  }
  if (stock !== 'none' && stock !== 'check') throw refused('stock', stock, 'Give "check" or "none".');
  for (const [field, value] of Object.entries({
    'ttl.idleMs': idleMs,
    'limits.perLine': perLine,
    'limits.lines': lines,
  })) {
    if (!isWhole(value, 1)) throw refused(field, value, 'Give a whole number from 1.');
  }
  return {
    library: useLibrary(options, cartLibrary),
    keys: new ShopKeys(prefix, shop, currency),
    currency,
    policy: { ttlMs: idleMs, perLine, lines, stock: stock === 'check' ? 'check-known' : 'none' },
  };
}

function refused(field: string, value: unknown, remedy: string): InvalidArgumentError {
  return new InvalidArgumentError(field, `${field} is ${printable(value)}. ${remedy}`);
}

import {
  assertHashTag,
  type Duration,
  InvalidArgumentError,
  type LibraryConnection,
  parseDuration,
  useLibrary,
} from '@redis-functions/core';
import { isWhole, printable } from './input.js';
import { ShopKeys } from './keys.js';
import { type CartLibrary, cartLibrary } from './library.js';
import { type Layout, type Policies, type StockMode, toPolicies } from './policies.js';

export interface CartServiceOptions extends LibraryConnection {
  /**
   * The shop whose carts, stock and prices these are: 1–64 letters, digits, `.`, `_` or `-`. It is the hash tag of its
   * keys: a name with braces would move them to another shop's slot, and is refused.
   */
  shop: string;
  /** ISO 4217 code of the prices, for example `EUR`. Amounts are whole minor units of it (cents; yen for JPY). */
  currency: string;
  /** First part of every key. No braces, no white space. Default: `rf`. */
  prefix?: string;
  /**
   * Where the keys are in a cluster. `shop-slot`: those of one shop in one slot, every operation one atomic call. `split`:
   * each cart and each product in a slot of its own, for a shop that is too large for one server; needs `reap()`.
   * One shop has one layout: the keys of the two differ. Default: `shop-slot`.
   */
  layout?: Layout;
  /**
   * `reserve-on-checkout`: a checkout holds what is in the cart until it is paid, cancelled, or its time is over.
   * `reserve-on-add`: what is in a cart is held from others, for `hold.cart`. `check`: one cart cannot have more of a
   * product than there is; it takes nothing, so two carts can have the same last unit, and only a commit finds out.
   * `none`: stock is not looked at. Default: `reserve-on-checkout`.
   */
  stock?: StockMode;
  /** What a product is that the stock does not list: refused (`UNKNOWN_SKU`), or without end. Default: `reject`. */
  onUnknownSku?: 'reject' | 'untracked';
  /** How long a cart lives after its last change. Default: `24h`. */
  idle?: Duration;
  /** How long units are kept from others. */
  hold?: {
    /** How long `reserve-on-add` holds what is in a cart, from the last change of that product. Default: `10m`. */
    cart?: Duration;
    /** From the first unit to the end, however often the cart is changed: who keeps clicking does not keep it. Default: `1h`. */
    most?: Duration;
    /**
     * How long a checkout holds. Longer than the payment can take at its provider: what is paid later may be sold to
     * somebody else. Default: `30m`.
     */
    checkout?: Duration;
  };
  /** What one cart may have; more is refused (`LIMIT_EXCEEDED`). */
  limits?: {
    /** Lines in one cart. Default: 100. */
    lines?: number;
    /** Units in one line. Default: 10 000. */
    perLine?: number;
    /** Units of one product in a cart, over its lines. Default: 10 000. */
    perSku?: number;
    /** Units in one cart. Default: 100 000. */
    perCart?: number;
    /** Units that one cart may keep from others: a checkout, or a cart with `reserve-on-add`. Default: 1 000. */
    heldUnits?: number;
    /** Bytes of the metadata of one line, as JSON. Default: 1 024. */
    metadataBytes?: number;
    /** Items of one `addMany`, carts of one `getMany`. Default: 100. */
    batch?: number;
  };
  /** How long the answer to an operation with `opId` is remembered. Default: `24h`. */
  rememberFor?: Duration;
  /** How long a commit with the same order id is known for a repeat, and a checkout can still be committed. Default: `7d`. */
  keepOrders?: Duration;
  /** Events of carts that were left with something in them; told by `reap()`. Default: false, none. */
  abandoned?: AbandonedOptions | false;
}

export interface AbandonedOptions {
  /** A cart is left when nobody has changed or touched it for so long. Below `idle`. Default: `1h`. */
  after?: Duration;
  /** Events that the stream keeps, about. Default: 10 000. */
  events?: number;
  /** How long the stream lives after its last event. Default: `7d`. */
  keep?: Duration;
}

/** The options as the services may trust them. */
export interface CartConfiguration {
  readonly library: CartLibrary;
  readonly keys: ShopKeys;
  readonly layout: Layout;
  readonly stock: StockMode;
  /** Products that the stock does not list have no end. */
  readonly sellsUnknown: boolean;
  readonly currency: string;
  readonly policies: Policies;
  readonly checkoutMs: number;
  readonly holdMs: number;
  readonly keepMs: number;
  readonly idleMs: number;
  readonly heldUnits: number;
  readonly metadataBytes: number;
  readonly batch: number;
  readonly abandoned: { readonly afterMs: number; readonly events: number; readonly keepMs: number } | undefined;
}

const STOCK_MODES: readonly unknown[] = [
  'none',
  'check',
  'reserve-on-checkout',
  'reserve-on-add',
] satisfies StockMode[];

const KNOWN = {
  options: [
    ...['client', 'functions', 'shop', 'currency', 'prefix', 'layout', 'stock', 'onUnknownSku', 'idle', 'hold'],
    ...['limits', 'rememberFor', 'keepOrders', 'abandoned'],
  ],
  hold: ['cart', 'most', 'checkout'],
  limits: ['lines', 'perLine', 'perSku', 'perCart', 'heldUnits', 'metadataBytes', 'batch'],
  abandoned: ['after', 'events', 'keep'],
};

/** @throws InvalidArgumentError that names the option. */
export function resolveOptions(options: CartServiceOptions): CartConfiguration {
  assertKnown('', options, KNOWN.options);
  const {
    shop,
    currency,
    prefix = 'rf',
    layout = 'shop-slot',
    stock = 'reserve-on-checkout',
    onUnknownSku = 'reject',
    idle = '24h',
    hold = {},
    rememberFor = '24h',
    keepOrders = '7d',
  } = options;
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
  if (layout !== 'shop-slot' && layout !== 'split') {
    throw refused('layout', layout, 'Give "shop-slot" or "split".');
  }
  if (!STOCK_MODES.includes(stock)) throw refused('stock', stock, `Give one of ${STOCK_MODES.join(', ')}.`);
  if (onUnknownSku !== 'reject' && onUnknownSku !== 'untracked') {
    throw refused('onUnknownSku', onUnknownSku, 'Give "reject" or "untracked".');
  }
  assertKnown('hold.', hold, KNOWN.hold);
  const { cart = '10m', most = '1h', checkout = '30m' } = hold;
  const idleMs = parseDuration('idle', idle);
  const limits = resolveLimits(options.limits);
  const abandoned = resolveAbandoned(options.abandoned, idleMs);
  const keepMs = parseDuration('keepOrders', keepOrders);
  const holdMs = parseDuration('hold.cart', cart);
  const shared = {
    idleMs,
    ...limits,
    onUnknownSku,
    holdMs,
    holdMostMs: parseDuration('hold.most', most),
    currency,
    abandonedAfterMs: abandoned && layout === 'shop-slot' ? abandoned.afterMs : 0,
    rememberMs: parseDuration('rememberFor', rememberFor),
    keepMs,
  };
  return {
    library: useLibrary(options, cartLibrary),
    keys: new ShopKeys(prefix, shop, currency, layout === 'split'),
    layout,
    stock,
    sellsUnknown: onUnknownSku === 'untracked',
    currency,
    policies: toPolicies(shared, stock, layout),
    checkoutMs: parseDuration('hold.checkout', checkout),
    holdMs,
    keepMs,
    idleMs,
    heldUnits: limits.heldUnits,
    metadataBytes: limits.metadataBytes,
    batch: limits.batch,
    abandoned,
  };
}

function resolveLimits(given: CartServiceOptions['limits'] = {}) {
  assertKnown('limits.', given, KNOWN.limits);
  const {
    lines = 100,
    perLine = 10_000,
    perSku = 10_000,
    perCart = 100_000,
    heldUnits = 1_000,
    metadataBytes = 1_024,
    batch = 100,
  } = given;
  const limits = { lines, perLine, perSku, perCart, heldUnits, metadataBytes, batch };
  for (const [name, value] of Object.entries(limits)) assertWhole(`limits.${name}`, value);
  // the library reads so many lines and items in one call without keeping others waiting
  for (const name of ['lines', 'batch'] as const) {
    if (limits[name] > 1_000) throw refused(`limits.${name}`, limits[name], 'Give at most 1000.');
  }
  return limits;
}

function resolveAbandoned(given: CartServiceOptions['abandoned'] = false, idleMs: number) {
  if (given === false) return undefined;
  assertKnown('abandoned.', given, KNOWN.abandoned);
  const { after = '1h', events = 10_000, keep = '7d' } = given;
  const afterMs = parseDuration('abandoned.after', after);
  assertWhole('abandoned.events', events);
  if (afterMs >= idleMs) {
    throw refused('abandoned.after', after, 'Give less than idle: a cart that is gone has no contents to tell of.');
  }
  return { afterMs, events, keepMs: parseDuration('abandoned.keep', keep) };
}

function assertWhole(field: string, value: unknown): void {
  if (!isWhole(value, 1)) throw refused(field, value, 'Give a whole number from 1.');
}

/** A misspelt option would be a default in silence. */
function assertKnown(path: string, given: unknown, known: readonly string[]): void {
  if (typeof given !== 'object' || given === null) {
    throw refused(path.slice(0, -1) || 'options', given, 'Give an object, or leave it out.');
  }
  const unknown = Object.keys(given).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new InvalidArgumentError(
    path + unknown,
    `There is no option ${path}${unknown}. Choose from ${known.join(', ')}.`,
  );
}

function refused(field: string, value: unknown, remedy: string): InvalidArgumentError {
  return new InvalidArgumentError(field, `${field} is ${printable(value)}. ${remedy}`);
}

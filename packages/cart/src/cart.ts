import type { CartErrorDetails, CartLimit, Units } from './cart-error.js';
import type { LineMetadata } from './metadata.js';

/** What there is of the product of a line, for this cart: what it holds itself counts. */
export interface LineStock {
  /** `short`: less than the cart wants; `out`: none; `unknown`: the stock does not list the product. */
  readonly state: 'ok' | 'short' | 'out' | 'untracked' | 'unknown';
  /** Units that the cart may have of it in all; null where they are not counted. */
  readonly available: number | null;
}

/** One product in a cart. Money is in whole minor units of the shop's currency. */
export interface CartLine {
  /** The SKU, or a text of its own for a line with metadata. */
  readonly lineId: string;
  readonly sku: string;
  readonly quantity: number;
  readonly metadata: LineMetadata | null;
  readonly addedAt: Date;
  /** The price of now; null where the product has none, which is not 0. */
  readonly unitPrice: number | null;
  /** The price when the line was added, or last accepted; null where it had none, or in another currency. */
  readonly unitPriceAtAdd: number | null;
  readonly priceChanged: boolean;
  readonly subtotal: number | null;
  /** Null with `stock: 'none'`. */
  readonly stock: LineStock | null;
  /** What the cart keeps from others, of the product, and until when. */
  readonly hold: { readonly quantity: number; readonly expiresAt: Date } | null;
}

/** What stands between the cart and a checkout. `PRICE_CHANGED` does not: it is for the visitor to know. */
export type LineProblem =
  | { readonly code: 'PRICE_CHANGED'; readonly lineId: string; readonly from: number; readonly to: number }
  | { readonly code: 'PRICE_MISSING' | 'UNKNOWN_SKU' | 'HOLD_EXPIRED'; readonly lineId: string }
  | { readonly code: 'STOCK_SHORT'; readonly lineId: string; readonly requested: number; readonly available: number };

export interface Cart {
  readonly id: string;
  /** Rises with every change, never falls, and says when the last one was (µs since 1970); 0 for a cart that is not there. */
  readonly version: number;
  /** The version as an HTTP entity tag. */
  readonly etag: string;
  readonly currency: string;
  readonly status: 'empty' | 'open' | 'checkout';
  /** The checkout under way. */
  readonly checkout: { readonly checkoutId: string; readonly expiresAt: Date } | null;
  /** In the order of adding. */
  readonly lines: readonly CartLine[];
  /** Units over all lines. */
  readonly itemCount: number;
  /** Null where a line has no price. */
  readonly total: number | null;
  readonly problems: readonly LineProblem[];
  readonly updatedAt: Date | null;
  /** When the cart is gone unless somebody changes or touches it. */
  readonly expiresAt: Date | null;
}

/** What became of a change. */
export interface Mutation {
  /** The version of the cart after it. */
  readonly version: number;
  /** False where everything was as wanted already. */
  readonly changed: boolean;
  /** The operation id had been used for this very operation: what is told is what came of it then. */
  readonly replayed: boolean;
}

/** What a cart has of a line after a change. */
export interface LineChange extends Mutation {
  readonly lineId: string;
  readonly sku: string;
  /** 0 when the line is gone. */
  readonly quantity: number;
  /** Until when the units are held (`stock: 'reserve-on-add'`). */
  readonly heldUntil: Date | null;
}

/** What became of one item of `addMany`. */
export type LineOutcome = { readonly index: number; readonly sku: string } & (
  | { readonly ok: true; readonly lineId: string; readonly quantity: number }
  | { readonly ok: false; readonly error: CartErrorDetails }
);

/** Where two carts have the same line: both quantities, the larger, that of the target, that of the source. */
export type MergeStrategy = 'sum' | 'max' | 'keep-target' | 'keep-source';

/** A line that did not fit whole into the cart it was merged into. */
export interface MergeAdjustment {
  readonly lineId: string;
  readonly sku: string;
  /** What the strategy asked for. */
  readonly wanted: number;
  /** What the cart holds now. */
  readonly quantity: number;
  readonly reason: 'stock' | CartLimit;
}

export interface MergeResult {
  /** Lines that the source had; 0 when it was empty or already merged. */
  readonly lines: number;
  readonly version: number;
  readonly replayed: boolean;
  readonly adjustments: readonly MergeAdjustment[];
}

/** What is to be paid. It stays what it is, whatever happens to the cart meanwhile. */
export interface Checkout {
  readonly checkoutId: string;
  readonly cartId: string;
  /** Of the cart when it began. */
  readonly version: number;
  readonly currency: string;
  readonly total: number;
  readonly lines: readonly CheckoutLine[];
  /** Until then the units are held for it. */
  readonly expiresAt: Date;
  readonly replayed: boolean;
}

export interface CheckoutLine {
  readonly lineId: string;
  readonly sku: string;
  readonly quantity: number;
  readonly unitPrice: number;
  readonly metadata: LineMetadata | null;
}

export interface CommitResult {
  /** `already-committed`: an earlier call with this order id did it; nothing was done now. */
  readonly status: 'committed' | 'already-committed';
  readonly orderId: string;
  /** Paid for, and not there any more: give the money for these back, or order them. Empty when all is well. */
  readonly shortfall: readonly Units[];
}

export interface CancelResult {
  /** False where there was nothing to cancel. */
  readonly released: boolean;
  /** Set where it was too late: the checkout is paid, as this order. */
  readonly orderId: string | null;
}

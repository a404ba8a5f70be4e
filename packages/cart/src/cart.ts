import type { CartLimit } from './cart-error.js';

/** One product in a cart. Money is in whole minor units of the shop's currency. */
export interface CartLine {
  readonly sku: string;
  readonly quantity: number;
  /** The price of now; null where the product has none, which is not 0. */
  readonly unitPrice: number | null;
  readonly subtotal: number | null;
}

export interface Cart {
  readonly id: string;
  readonly currency: string;
  /** In the order of adding. */
  readonly lines: readonly CartLine[];
  /** Units over all lines. */
  readonly itemCount: number;
  /** Null where a line has no price. */
  readonly total: number | null;
}

/** What a cart holds of a product after a change; 0 when the line is gone. */
export interface LineQuantity {
  readonly sku: string;
  readonly quantity: number;
}

/** A line that did not fit whole into the cart it was merged into. */
export interface MergeAdjustment {
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
  readonly adjustments: readonly MergeAdjustment[];
}

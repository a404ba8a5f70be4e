/** A line as the page shows it. Money is in minor units, times are milliseconds since 1970 by the server's clock. */
export interface CartLineView {
  readonly sku: string;
  readonly name: string;
  readonly quantity: number;
  /** The price of now; null where the product has none. */
  readonly unitPrice: number | null;
  /** The price when it was put into the cart, or last accepted. */
  readonly unitPriceAtAdd: number | null;
  readonly subtotal: number | null;
  /** Units that the cart may have in all; null where they are not counted. */
  readonly available: number | null;
  /** Until when the units are kept from others; null where they are not. */
  readonly heldUntil: number | null;
}

export interface CartView {
  readonly lines: readonly CartLineView[];
  readonly itemCount: number;
  /** Null where a line has no price. */
  readonly total: number | null;
  readonly currency: string;
  readonly version: number;
  /** The payment under way. */
  readonly checkout: { readonly checkoutId: string; readonly expiresAt: number } | null;
}

/** What became of a change of a cart. The cart itself comes with the stream of events. */
export interface CartChangeView {
  /** Whose cart it is: the handle of a session that may be new. */
  readonly handle: string;
  readonly sku: string;
  readonly quantity: number;
  readonly version: number;
  readonly changed: boolean;
  readonly replayed: boolean;
}

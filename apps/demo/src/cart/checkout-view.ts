/** A payment that can be made until `expiresAt` (milliseconds since 1970, by the server's clock). */
export interface CheckoutView {
  readonly checkoutId: string;
  readonly total: number;
  readonly currency: string;
  readonly expiresAt: number;
}

export interface OrderView {
  readonly orderId: string;
  readonly status: 'committed' | 'already-committed';
  /** Paid for, and sold to somebody else meanwhile: the money for these goes back. */
  readonly shortfall: readonly { readonly sku: string; readonly name: string; readonly quantity: number }[];
}

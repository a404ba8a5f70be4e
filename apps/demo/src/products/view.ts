/** A product as the page shows it. */
export interface ProductView {
  readonly sku: string;
  readonly name: string;
  /** In minor units; null where it has none. */
  readonly price: number | null;
  readonly currency: string;
  /** Units that can be bought now: those on hand, without those that carts hold. */
  readonly stock: number;
  /** Units in other people's carts, and in this visitor's. */
  readonly held: number;
}

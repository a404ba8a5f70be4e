import { encodeKeyPart } from '@redis-functions/core';

/**
 * The keys of one shop. They share the hash tag `{shop}`: in a cluster the shop's carts, stock and prices are in one
 * slot, so that every operation is one atomic call. The tag comes first, and only the shop's name is inside it.
 */
export class ShopKeys {
  readonly #root: string;
  /** Hash: SKU → units. */
  readonly stock: string;
  /** Hash: SKU → minor units of the currency. */
  readonly prices: string;

  /** @param shop Checked by the caller to be a hash tag. */
  constructor(prefix: string, shop: string, currency: string) {
    this.#root = `${prefix}:{${shop}}`;
    this.stock = `${this.#root}:stock`;
    this.prices = `${this.#root}:price:${currency}`;
  }

  cart(id: string): string {
    return `${this.#root}:cart:${encodeKeyPart(id)}`;
  }
}

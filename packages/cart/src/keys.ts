import { encodeKeyPart } from '@redis-functions/core';

/** Where units of products are counted and held: one for a whole shop, or one for each product. */
export interface StockKeys {
  /** Hash: SKU → units, or `untracked`. */
  readonly stock: string;
  /** Hash: units held, in all and per cart, and what may be sold beyond the stock. */
  readonly holds: string;
  /** Sorted set: the ends of the holds. */
  readonly due: string;
  /** Hash: SKU → minor units of the currency. */
  readonly prices: string;
}

/** What belongs to one cart. */
export interface CartKeys {
  readonly cart: string;
  readonly checkout: string;
  /** What was taken out of it and has not arrived in another cart (`split`). */
  readonly parcel: string;
  operation(opId: string): string;
  order(orderId: string): string;
}

/** What is looked at later: checkouts that are being paid, merges under way, carts that were written. */
export type JournalKind = 'checkouts' | 'merges' | 'carts';

/** Text in which nothing ends a part of a key. */
const part = encodeKeyPart;

/**
 * The keys of one shop. The tag comes first and decides the slot. `shop-slot`: all keys of the shop share `{shop}`.
 * `split`: a cart's share `{shop:c:CART}`, a product's `{shop:s:SKU}`; no shop has a `:` in its name.
 */
export class ShopKeys {
  readonly #prefix: string;
  readonly #shop: string;
  readonly #currency: string;
  readonly #isSplit: boolean;
  readonly #ofShop: StockKeys;

  /** @param shop Checked by the caller to be a hash tag. */
  constructor(prefix: string, shop: string, currency: string, isSplit: boolean) {
    this.#prefix = prefix;
    this.#shop = shop;
    this.#currency = currency;
    this.#isSplit = isSplit;
    this.#ofShop = this.#stock('');
  }

  of(cartId: string): CartKeys {
    const id = part(cartId);
    const root = this.#root(this.#isSplit ? `:c:${id}` : '');
    return {
      cart: `${root}:cart:${id}`,
      checkout: `${root}:checkout:${id}`,
      parcel: `${root}:parcel:${id}`,
      operation: (opId) => `${root}:op:${id}:${part(opId)}`,
      order: (orderId) => `${root}:order:${part(orderId)}`,
    };
  }

  /** The other way round than `of`. */
  cartIdOf(cartKey: string): string {
    return decodeURIComponent(cartKey.slice(cartKey.lastIndexOf(':cart:') + ':cart:'.length));
  }

  /** Of all products in `shop-slot`, of this one in `split`. */
  stock(sku?: string): StockKeys {
    return this.#isSplit && sku !== undefined ? this.#stock(`:s:${part(sku)}`) : this.#ofShop;
  }

  /** An operation on the stock of a product. */
  stockOperation(sku: string, opId: string): string {
    return `${this.#root(this.#isSplit ? `:s:${part(sku)}` : '')}:stock-op:${part(sku)}:${part(opId)}`;
  }

  /** What was sold of a product for one checkout (`split`). */
  sale(sku: string, checkoutId: string): string {
    return `${this.#root(`:s:${part(sku)}`)}:sale:${part(checkoutId)}`;
  }

  /** Sorted set: carts by when nobody will have written them for a while. */
  get idle(): string {
    return `${this.#root('')}:idle`;
  }

  /** Stream: what is told of carts; in `split` one per part of the index. */
  events(part?: number): string {
    return `${this.#root(part === undefined ? '' : `:j:${part}`)}:events`;
  }

  /** A part of what somebody has to look at later, in slots of its own (`split`). */
  journal(kind: JournalKind, index: number): string {
    return `${this.#root(`:j:${index}`)}:${kind}`;
  }

  #stock(tail: string): StockKeys {
    const root = this.#root(tail);
    return {
      stock: `${root}:stock`,
      holds: `${root}:holds`,
      due: `${root}:due`,
      prices: `${root}:price:${this.#currency}`,
    };
  }

  #root(tail: string): string {
    return `${this.#prefix}:{${this.#shop}${tail}}`;
  }
}

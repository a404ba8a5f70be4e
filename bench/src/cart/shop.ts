import { CartService, type CartServiceOptions, InventoryService } from '@redis-functions/cart';
import { RedisFunctions } from '@redis-functions/core';

export interface Shop {
  readonly carts: CartService;
  readonly stock: InventoryService;
}

export const skuOf = (n: number) => `sku-${n}`;

/** A shop with products that there is enough of, each with a price. */
export async function withShop<T>(
  url: string,
  products: number,
  options: Partial<CartServiceOptions>,
  work: (shop: Shop) => Promise<T>,
): Promise<T> {
  const functions = new RedisFunctions({ url });
  try {
    const all = { functions, shop: 'bench', currency: 'EUR', ...options };
    const shop = { carts: new CartService(all), stock: new InventoryService(all) };
    const skus = Array.from({ length: products }, (_, n) => skuOf(n));
    await Promise.all(skus.map((sku) => shop.stock.setStock(sku, 1_000_000_000)));
    await shop.stock.setPrices(Object.fromEntries(skus.map((sku, n) => [sku, 100 + n])));
    return await work(shop);
  } finally {
    await functions.close();
  }
}

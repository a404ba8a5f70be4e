import { Inject, Injectable } from '@nestjs/common';
import { InventoryService } from '@redis-functions/cart';
import { CURRENCY, PRODUCTS } from './catalog.js';

const SKUS = PRODUCTS.map(({ sku }) => sku);

export interface ProductView {
  readonly sku: string;
  readonly name: string;
  readonly price: number | null;
  readonly currency: string;
  readonly stock: number;
}

/** The catalog with live prices and stock. */
@Injectable()
export class ProductsService {
  #opening: Promise<void> | undefined;

  constructor(@Inject(InventoryService) private readonly inventory: InventoryService) {}

  async list(): Promise<ProductView[]> {
    await this.open();
    const [levels, prices] = await Promise.all([this.inventory.levels(SKUS), this.inventory.prices(SKUS)]);
    return PRODUCTS.map(({ sku, name }) => ({
      sku,
      name,
      price: prices.get(sku) ?? null,
      currency: CURRENCY,
      stock: levels.get(sku)?.available ?? 0,
    }));
  }

  /**
   * Puts the opening stock on the shelves of a new shop, and leaves those of an old one alone. At the first request rather
   * than at start: the server may be away then.
   */
  open(): Promise<void> {
    this.#opening ??= this.#stockNewShop().catch((error) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  async #stockNewShop(): Promise<void> {
    const levels = await this.inventory.levels(SKUS);
    const missing = PRODUCTS.filter(({ sku }) => !levels.has(sku));
    await this.inventory.setPrices(new Map(PRODUCTS.map(({ sku, price }) => [sku, price])));
    await Promise.all(missing.map(({ sku, openingStock }) => this.inventory.setStock(sku, openingStock)));
  }
}

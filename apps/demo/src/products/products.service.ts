import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { InventoryService } from '@redis-functions/cart';
import { LiveService } from '../events/live.service.js';
import { CURRENCY, PRODUCTS, SKUS } from './catalog.js';
import type { ProductView } from './view.js';

/** Stock and prices also change without this shop knowing: a hold ends, somebody writes to Redis by hand. */
const READ_EVERY_MS = 400;

export interface ProductChange {
  readonly price?: number | undefined;
  readonly stock?: number | undefined;
}

/** The catalog with live prices and stock. */
@Injectable()
export class ProductsService implements OnModuleInit {
  #opening: Promise<void> | undefined;
  #lastPrices: string | undefined;

  constructor(
    @Inject(InventoryService) private readonly inventory: InventoryService,
    @Inject(LiveService) private readonly live: LiveService,
  ) {}

  onModuleInit(): void {
    this.live.offer('shop', { everyMs: READ_EVERY_MS, read: () => this.list() });
  }

  async list(): Promise<ProductView[]> {
    await this.open();
    const [levels, prices] = await this.#read();
    if (levels.size === 0 && prices.size === 0) {
      // the server was emptied, or came back without its data: the shop opens anew
      this.#opening = undefined;
      await this.open();
      return this.list();
    }
    this.#noticePrices([...prices].join());
    return PRODUCTS.map(({ sku, name }) => ({
      sku,
      name,
      price: prices.get(sku) ?? null,
      currency: CURRENCY,
      stock: levels.get(sku)?.available ?? 0,
      held: levels.get(sku)?.held ?? 0,
    }));
  }

  /** What a shopkeeper does: another price, another stock. */
  async change(sku: string, { price, stock }: ProductChange): Promise<void> {
    await this.open();
    if (price !== undefined) await this.inventory.setPrices({ [sku]: price });
    if (stock !== undefined) await this.inventory.setStock(sku, stock);
    this.live.tell('shop');
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
    const [levels, prices] = await this.#read();
    const unpriced = PRODUCTS.filter(({ sku }) => !prices.has(sku));
    const missing = PRODUCTS.filter(({ sku }) => !levels.has(sku));
    if (unpriced.length > 0) await this.inventory.setPrices(new Map(unpriced.map(({ sku, price }) => [sku, price])));
    await Promise.all(missing.map(({ sku, openingStock }) => this.inventory.setStock(sku, openingStock)));
  }

  #read() {
    return Promise.all([this.inventory.levels(SKUS), this.inventory.prices(SKUS)]);
  }

  /** A cart shows the price of now beside that of when something was put into it. */
  #noticePrices(prices: string): void {
    if (this.#lastPrices !== undefined && prices !== this.#lastPrices) this.live.refreshAll('cart');
    this.#lastPrices = prices;
  }
}

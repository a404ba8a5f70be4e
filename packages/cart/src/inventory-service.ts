import { named } from './faults.js';
import { checkId, checkPrice, checkQuantity, invalid } from './input.js';
import { type CartConfiguration, type CartServiceOptions, resolveOptions } from './options.js';

/** How many units of a product there are. */
export interface StockLevel {
  readonly sku: string;
  /** As it was set; below 0 only where somebody else wrote the hash. */
  readonly onHand: number;
  /** What one cart may hold; never below 0. */
  readonly available: number;
}

// the library takes this many products per call
const BATCH = 500;

/**
 * The stock and the prices of one shop. They do not expire. A product without a level is unknown (not 0), one without a
 * price cannot be bought (it is not free).
 */
export class InventoryService {
  readonly #config: CartConfiguration;

  /** @throws InvalidArgumentError that names the option. */
  constructor(options: CartServiceOptions) {
    this.#config = resolveOptions(options);
  }

  /**
   * Sets how many units of a product there are, whatever there were before.
   *
   * @throws CartError `INVALID_QUANTITY` (not a whole number from 0), `INVALID_ARGUMENT`, `CORRUPT_DATA`.
   */
  async setStock(sku: string, units: number): Promise<StockLevel> {
    const { library, keys } = this.#config;
    const level = [checkId('sku', sku), checkQuantity('units', units, 0)] as const;
    await named(library.setStock(keys.stock, [level]));
    return toLevel(...level);
  }

  /**
   * Sets prices, in whole minor units of the shop's currency; other products keep theirs. All are checked before any is
   * sent; then they go in steps of 500, each of them atomic.
   *
   * @param prices SKU → price, as an object or a Map.
   * @throws CartError `INVALID_ARGUMENT`, `CORRUPT_DATA`.
   */
  async setPrices(prices: Readonly<Record<string, number>> | ReadonlyMap<string, number>): Promise<void> {
    const { library, keys } = this.#config;
    const checked = entriesOf(prices).map(([sku, price]) => [checkId('sku', sku), checkPrice(sku, price)] as const);
    for (const batch of inBatches(checked)) await named(library.setPrices(keys.prices, batch));
  }

  /** Levels of those of the products that have one. @throws CartError `INVALID_ARGUMENT`, `CORRUPT_DATA`. */
  async levels(skus: Iterable<string>): Promise<Map<string, StockLevel>> {
    const { library, keys } = this.#config;
    const units = await read(skus, (batch) => library.getStock(keys.stock, batch));
    return new Map([...units].map(([sku, onHand]) => [sku, toLevel(sku, onHand)]));
  }

  /** Prices of those of the products that have one, in minor units. @throws CartError as `levels`. */
  prices(skus: Iterable<string>): Promise<Map<string, number>> {
    const { library, keys } = this.#config;
    return read(skus, (batch) => library.getPrices(keys.prices, batch));
  }
}

function entriesOf(prices: unknown): [sku: unknown, price: unknown][] {
  if (prices instanceof Map) return [...prices];
  if (typeof prices === 'object' && prices !== null) return Object.entries(prices);
  throw invalid('INVALID_ARGUMENT', 'prices', prices, 'an object or a Map of SKU to price');
}

function toLevel(sku: string, onHand: number): StockLevel {
  return { sku, onHand, available: Math.max(0, onHand) };
}

async function read(
  skus: Iterable<string>,
  ask: (batch: readonly string[]) => Promise<readonly (number | null)[]>,
): Promise<Map<string, number>> {
  // a lone SKU is iterable as well: by its letters
  if (typeof skus !== 'object' || skus === null || !(Symbol.iterator in skus)) {
    throw invalid('INVALID_ARGUMENT', 'skus', skus, 'an array or a Set of SKUs');
  }
  const wanted = Array.from(skus, (sku) => checkId('sku', sku));
  const found = new Map<string, number>();
  for (const batch of inBatches(wanted)) {
    const numbers = await named(ask(batch));
    batch.forEach((sku, i) => {
      const number = numbers[i] ?? null;
      if (number !== null) found.set(sku, number);
    });
  }
  return found;
}

function inBatches<T>(items: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(items.length / BATCH) }, (_, i) => items.slice(i * BATCH, (i + 1) * BATCH));
}

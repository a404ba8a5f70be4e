import type { Argument } from '@redis-functions/core';
import { named } from './faults.js';
import { checkDelta, checkId, checkList, checkObject, checkPrice, checkQuantity, invalid } from './input.js';
import type { StockKeys } from './keys.js';
import type { Reply } from './library.js';
import { toOperation } from './operation.js';
import { type CartConfiguration, type CartServiceOptions, resolveOptions } from './options.js';
import { accept, inGroups, toInteger, toIntegerOrNull } from './replies.js';
import { sweepAll } from './sweep.js';

/** How many units of a product there are. Units that are held are still on hand: they leave with a commit. */
export interface StockLevel {
  readonly sku: string;
  /** False for a product that is sold without counting. */
  readonly tracked: boolean;
  /** Null where they are not counted; below 0 by what was sold on backorder. */
  readonly onHand: number | null;
  /** Held by carts and checkouts. */
  readonly held: number;
  /** What a cart that holds nothing can have; never below 0; null where there is no end of it. */
  readonly available: number | null;
  /** Units that may be sold beyond those on hand; null for any number. */
  readonly backorderLimit: number | null;
}

export interface AdjustOptions {
  /** As in OperationOptions: a delivery that is told of twice is counted once. */
  opId?: string;
}

export interface AuditResult {
  readonly sku: string;
  /** Units held, as they were counted. */
  readonly held: number;
  /** Units held, as the holds themselves say. */
  readonly sumOfHolds: number;
  /** Holds that cannot be read or never end. */
  readonly broken: number;
  /** `held` less `sumOfHolds`: 0 unless somebody else wrote there. */
  readonly drift: number;
}

// the library takes this many products per call
const BATCH = 500;

/**
 * The stock and the prices of one shop. They do not expire. A product without a level is unknown (not 0), one without a
 * price cannot be bought (it is not free), one that is untracked has no end. Every method throws CartError
 * `INVALID_ARGUMENT` and `CORRUPT_DATA`.
 */
export class InventoryService {
  readonly #config: CartConfiguration;

  /** @throws InvalidArgumentError that names the option. */
  constructor(options: CartServiceOptions) {
    this.#config = resolveOptions(options);
  }

  /**
   * Sets how many units of a product there are, whatever there were before: after a stock-taking. Below what is held is
   * possible, and then some checkouts fall short.
   *
   * @throws CartError `INVALID_QUANTITY` (not a whole number from 0).
   */
  async setStock(sku: string, units: number): Promise<StockLevel> {
    return this.#setStock(checkId('sku', sku), checkQuantity('units', units, 0));
  }

  /** Sells a product without counting its units. `setStock` begins to count. */
  async untrack(sku: string): Promise<StockLevel> {
    return this.#setStock(checkId('sku', sku), 'untracked');
  }

  /**
   * Adds units of a delivery.
   *
   * @throws CartError `INVALID_QUANTITY` (below 1), `NOT_TRACKED`, `AMOUNT_OVERFLOW`, `IDEMPOTENCY_MISMATCH`.
   */
  async receive(sku: string, units: number, options: AdjustOptions = {}): Promise<StockLevel> {
    return this.#adjust(checkId('sku', sku), checkQuantity('units', units, 1), options);
  }

  /**
   * Adds units, or takes them (breakage, a return, a sale elsewhere); never below 0.
   *
   * @throws CartError as `receive`, `OUT_OF_STOCK` (there are fewer), `UNKNOWN_SKU`.
   */
  async adjust(sku: string, delta: number, options: AdjustOptions = {}): Promise<StockLevel> {
    return this.#adjust(checkId('sku', sku), checkDelta('delta', delta), options);
  }

  /** Lets this many units be sold beyond those on hand; 0 for none, null for any number. */
  async setBackorder(sku: string, limit: number | null): Promise<void> {
    const id = checkId('sku', sku);
    const most = limit === null ? 'unlimited' : checkQuantity('limit', limit, 0);
    const { library, keys } = this.#config;
    await named(library.setBackorder({ keys: [keys.stock(id).holds], args: [id, most] }));
  }

  /** Takes products off the list: they are unknown then. What is held of them can still be paid, and falls short. */
  async drop(skus: Iterable<string>): Promise<number> {
    const { library } = this.#config;
    const dropped = await this.#onEach(checkSkus(skus), (place, batch) =>
      library.dropStock({ keys: [place.stock], args: batch }),
    );
    return dropped.reduce((sum, { reply }) => sum + toInteger(reply[1]), 0);
  }

  /** The level of a product; null where the stock does not list it. */
  async level(sku: string): Promise<StockLevel | null> {
    return (await this.levels([sku])).get(sku) ?? null;
  }

  /** Levels of those of the products that have one. */
  async levels(skus: Iterable<string>): Promise<Map<string, StockLevel>> {
    const { library } = this.#config;
    const found = await this.#onEach(checkSkus(skus), ({ stock, holds, due }, batch) =>
      library.getStock({ keys: [stock, holds, due], args: batch }),
    );
    const levels = found.flatMap(({ batch, reply }) =>
      inGroups(reply.slice(1), 3).flatMap(([units, held, backorder], i) =>
        units === '' ? [] : [toLevel(batch[i] as string, units, held, backorder)],
      ),
    );
    return new Map(levels.map((level) => [level.sku, level]));
  }

  /**
   * Sets prices, in whole minor units of the shop's currency; null takes a price away; other products keep theirs. All are
   * checked before any is sent; then they go in steps of 500, each of them atomic.
   *
   * @param prices SKU → price, as an object or a Map.
   */
  async setPrices(prices: Readonly<Record<string, number | null>> | ReadonlyMap<string, number | null>): Promise<void> {
    const { library } = this.#config;
    const checked = new Map(entriesOf(prices).map(([sku, price]) => [checkId('sku', sku), toPrice(sku, price)]));
    await this.#onEach([...checked.keys()], (place, batch) =>
      library.setPrices({ keys: [place.prices], args: batch.flatMap((sku) => [sku, checked.get(sku) ?? 'none']) }),
    );
  }

  /** Prices of those of the products that have one, in minor units. */
  async prices(skus: Iterable<string>): Promise<Map<string, number>> {
    const { library } = this.#config;
    const found = await this.#onEach(checkSkus(skus), (place, batch) =>
      library.getPrices({ keys: [place.prices], args: batch }),
    );
    const prices = found.flatMap(({ batch, reply }) =>
      batch.map((sku, i) => [sku, toIntegerOrNull(reply[i + 1])] as const),
    );
    return new Map(prices.filter((entry): entry is readonly [string, number] => entry[1] !== null));
  }

  /**
   * Compares what is counted as held of a product with the holds themselves. It looks at every hold of the shop, in the
   * server: about 10 ms for 100,000.
   *
   * @param options.repair Counts anew, and removes holds that cannot be read. Default: false.
   */
  async audit(sku: string, options: { repair?: boolean } = {}): Promise<AuditResult> {
    const id = checkId('sku', sku);
    const repair = checkObject('options', options)['repair'] ?? false;
    if (typeof repair !== 'boolean') throw invalid('INVALID_ARGUMENT', 'repair', repair, 'true or false');
    const { library, keys } = this.#config;
    const { holds, due } = keys.stock(id);
    const reply = await named(library.audit({ keys: [holds, due], args: [id, repair ? 'repair' : 'look'] }));
    const [, held, sumOfHolds, , broken] = reply.map((value) => (value === 'OK' ? 0 : toInteger(value)));
    const counted = { held: held ?? 0, sumOfHolds: sumOfHolds ?? 0, broken: broken ?? 0 };
    return { sku: id, ...counted, drift: counted.held - counted.sumOfHolds };
  }

  /**
   * Removes holds whose time is over. They count for nothing already; this gives their memory back where nobody buys.
   *
   * @param skus Only needed in the layout `split`, where each product has holds of its own.
   * @returns How many there were.
   */
  async reap(skus: Iterable<string> = []): Promise<number> {
    const { library, keys, layout } = this.#config;
    const places = layout === 'split' ? checkSkus(skus).map((sku) => keys.stock(sku)) : [keys.stock()];
    const swept = await Promise.all(places.map((place) => sweepAll(library, place)));
    return swept.reduce((sum, count) => sum + count, 0);
  }

  async #setStock(sku: string, units: number | 'untracked'): Promise<StockLevel> {
    const { library, keys } = this.#config;
    const place = keys.stock(sku);
    // one turn, so one round trip
    const [, level] = await Promise.all([
      named(library.setStock({ keys: [place.stock], args: [sku, units] })),
      this.level(sku),
    ]);
    return level ?? toLevel(sku, units, 0, 0);
  }

  async #adjust(sku: string, delta: number, options: AdjustOptions): Promise<StockLevel> {
    const { library, keys, policies } = this.#config;
    const { stock, holds, due } = keys.stock(sku);
    const { opId, fingerprint } = toOperation(options, ['adjust', sku, delta]);
    const named_ = opId === undefined ? undefined : keys.stockOperation(sku, opId);
    const args: Argument[] = [sku, delta, policies.product, ...(named_ === undefined ? [] : ['op', fingerprint])];
    const reply = await named(
      library.adjustStock({ keys: [stock, holds, due, ...(named_ === undefined ? [] : [named_])], args }),
    );
    const { values } = accept(reply, { sku, requested: Math.abs(delta), opId });
    return toLevel(sku, values[0], values[1], values[2]);
  }

  /** In `shop-slot` so many products in one call, in `split` each in its own slot. */
  async #onEach(
    skus: readonly string[],
    ask: (place: StockKeys, batch: readonly string[]) => Promise<Reply>,
  ): Promise<{ batch: readonly string[]; reply: Reply }[]> {
    const { keys, layout } = this.#config;
    const answers: { batch: readonly string[]; reply: Reply }[] = [];
    for (const batch of inBatches(skus)) {
      const groups = layout === 'split' ? batch.map((sku) => [sku]) : [batch];
      const asked = groups.map(async (group) => ({
        batch: group,
        reply: await named(ask(keys.stock(group[0]), group)),
      }));
      answers.push(...(await Promise.all(asked)));
    }
    return answers;
  }
}

function entriesOf(prices: unknown): [sku: unknown, price: unknown][] {
  if (prices instanceof Map) return [...prices];
  if (typeof prices === 'object' && prices !== null) return Object.entries(prices);
  throw invalid('INVALID_ARGUMENT', 'prices', prices, 'an object or a Map of SKU to price');
}

function toPrice(sku: unknown, price: unknown): number | null {
  return price === null ? null : checkPrice(`the price of ${JSON.stringify(sku)}`, price);
}

/** Each of them once. */
function checkSkus(skus: unknown): string[] {
  return [...new Set(checkList('skus', skus).map((sku) => checkId('sku', sku)))];
}

function toLevel(sku: string, units: unknown, held: unknown, backorder: unknown): StockLevel {
  const backorderLimit = backorder === 'unlimited' ? null : toInteger(backorder);
  const heldUnits = toInteger(held);
  if (units === 'untracked') {
    return { sku, tracked: false, onHand: null, held: heldUnits, available: null, backorderLimit };
  }
  const onHand = toInteger(units);
  const available = backorderLimit === null ? null : Math.max(0, onHand + backorderLimit - heldUnits);
  return { sku, tracked: true, onHand, held: heldUnits, available, backorderLimit };
}

function inBatches<T>(items: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(items.length / BATCH) }, (_, i) => items.slice(i * BATCH, (i + 1) * BATCH));
}

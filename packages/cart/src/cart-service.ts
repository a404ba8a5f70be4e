import { randomBytes } from 'node:crypto';
import { type Duration, parseDuration } from '@redis-functions/core';
import type {
  CancelResult,
  Cart,
  Checkout,
  CommitResult,
  LineChange,
  LineOutcome,
  MergeResult,
  MergeStrategy,
  Mutation,
} from './cart.js';
import { CartError } from './cart-error.js';
import { toCart } from './cart-reply.js';
import {
  checkCheckoutId,
  checkDelta,
  checkId,
  checkList,
  checkObject,
  checkOneOf,
  checkOptional,
  checkPrice,
  checkQuantity,
  invalid,
} from './input.js';
import { toLayout } from './layout/choose.js';
import type { CartLayout } from './layout/layout.js';
import { type LineInput, type LineRef, toNewUnits, toTarget } from './line.js';
import { type OperationOptions, toOperation } from './operation.js';
import { type CartConfiguration, type CartServiceOptions, resolveOptions } from './options.js';
import { type ReapResult, reap } from './reaper.js';

export interface AddOptions extends OperationOptions {
  /** Where the stock or a limit has less: refuse (`error`), or add what there is (`clamp`), if that is one unit or more. Default: `error`. */
  onShort?: 'error' | 'clamp';
}

export interface AddManyOptions extends OperationOptions {
  /** `atomic`: all, or the refusal of the first that does not fit; `partial`: those that fit. Default: `atomic`. */
  mode?: 'atomic' | 'partial';
}

export interface MergeOptions extends OperationOptions {
  /** For lines that both carts have. Default: `sum`. */
  strategy?: MergeStrategy;
}

export interface CheckoutOptions extends OperationOptions {
  /** The total that was shown, in minor units: another one is refused (`TOTAL_CHANGED`). */
  expectedTotal?: number;
  /** How long the units are held. Default: `hold.checkout` of the service. */
  window?: Duration;
}

export interface CommitOptions {
  /**
   * What happens where the window was over and others bought what had been held: sell what there is and tell the rest
   * (`report`), or do nothing (`refuse`, `HOLD_EXPIRED`). Default: `report`.
   */
  onShortfall?: 'report' | 'refuse';
}

/**
 * The carts of one shop. Every change is made on the server, to what is there, never a cart written back: parallel changes
 * add up. A change refreshes the life of the cart (`idle`), a read does not.
 *
 * Cart ids and SKUs are any text of 1 to 256 bytes, compared byte by byte. Refusals are CartErrors and change nothing;
 * an unreachable server is an UnavailableError. Besides what is named, every method throws `INVALID_ARGUMENT` and
 * `CORRUPT_DATA`; those that take OperationOptions `VERSION_CONFLICT` and `IDEMPOTENCY_MISMATCH`.
 */
export class CartService {
  readonly #config: CartConfiguration;
  readonly #layout: CartLayout;

  /** @throws InvalidArgumentError that names the option. */
  constructor(options: CartServiceOptions) {
    this.#config = resolveOptions(options);
    this.#layout = toLayout(this.#config);
  }

  /**
   * Adds units of a product.
   *
   * @throws CartError `OUT_OF_STOCK`, `UNKNOWN_SKU`, `LIMIT_EXCEEDED`, `PRICE_CHANGED` (where `expectedUnitPrice` is
   *   given), `CURRENCY_MISMATCH`, `INVALID_QUANTITY` (below 1).
   */
  async add(cartId: string, line: LineInput, options: AddOptions = {}): Promise<LineChange> {
    const cart = checkId('cartId', cartId);
    const { expectedUnitPrice, ...units } = toNewUnits(line, this.#config.metadataBytes);
    const { lineId, sku, quantity, metadata } = units;
    const op = toOperation(options, ['add', lineId, quantity]);
    const clamps = checkOneOf('onShort', options.onShort ?? 'error', ['error', 'clamp']) === 'clamp';
    const target = { lineId, sku, metadata, mustExist: false };
    return this.#layout.add(cart, target, quantity, { expectedUnitPrice, clamps }, op);
  }

  /**
   * Adds several products in one call.
   *
   * @returns The outcome of each item, in their order.
   * @throws CartError as `add`; in the mode `atomic` for the first item that does not fit, and then none was added.
   */
  async addMany(
    cartId: string,
    lines: readonly LineInput[],
    options: AddManyOptions = {},
  ): Promise<Mutation & { readonly outcomes: readonly LineOutcome[] }> {
    const cart = checkId('cartId', cartId);
    const items = checkList('lines', lines).map((line) => toNewUnits(line, this.#config.metadataBytes));
    this.#checkBatch('lines', items.length);
    const mode = checkOneOf('mode', checkObject('options', options)['mode'] ?? 'atomic', ['atomic', 'partial']);
    const op = toOperation(options, ['addMany', mode, items.map(({ lineId, quantity }) => [lineId, quantity])]);
    return this.#layout.addMany(cart, items, mode, op);
  }

  /**
   * Makes a line have exactly this many units; 0 removes it.
   *
   * @throws CartError as `add`; `LINE_NOT_FOUND` where the line is named by its id.
   */
  async setQuantity(
    cartId: string,
    line: LineRef,
    quantity: number,
    options: OperationOptions = {},
  ): Promise<LineChange> {
    const cart = checkId('cartId', cartId);
    const target = toTarget(line, this.#config.metadataBytes);
    const units = checkQuantity('quantity', quantity, 0);
    const op = toOperation(options, ['set', target.lineId, units]);
    if (units > 0) return this.#layout.set(cart, target, units, op);
    // removing also works over maxmemory, setting does not
    const { removed: _, ...change } = await this.#layout.remove(cart, { ...target, mustExist: false }, 'all', op);
    return change;
  }

  /**
   * Adds to a line that is there, or takes from it; never below 0, which removes it.
   *
   * @param delta Units, below 0 to take.
   * @throws CartError `LINE_NOT_FOUND`; above 0 as `add`.
   */
  async increment(cartId: string, line: LineRef, delta: number, options: OperationOptions = {}): Promise<LineChange> {
    const cart = checkId('cartId', cartId);
    const target = { ...toTarget(line, this.#config.metadataBytes), mustExist: true };
    const units = checkDelta('delta', delta);
    const op = toOperation(options, ['increment', target.lineId, units]);
    if (units > 0) return this.#layout.add(cart, target, units, { expectedUnitPrice: undefined, clamps: false }, op);
    const { removed: _, ...change } = await this.#layout.remove(cart, target, -units, op);
    return change;
  }

  /**
   * Takes units of a line out of the cart; more than there are takes them all. A line that is not in the cart is no
   * error: a repeated removal has the same result.
   *
   * @param quantity Units to take. Default: all.
   * @throws CartError `INVALID_QUANTITY` (below 1).
   */
  async remove(
    cartId: string,
    line: LineRef,
    quantity?: number,
    options: OperationOptions = {},
  ): Promise<LineChange & { readonly removed: number }> {
    const cart = checkId('cartId', cartId);
    const target = { ...toTarget(line, this.#config.metadataBytes), mustExist: false };
    const units = quantity === undefined ? 'all' : checkQuantity('quantity', quantity, 1);
    return this.#layout.remove(cart, target, units, toOperation(options, ['remove', target.lineId, units]));
  }

  /** Removes every line. */
  async clear(cartId: string, options: OperationOptions = {}): Promise<Mutation & { readonly lines: number }> {
    return this.#layout.clear(checkId('cartId', cartId), toOperation(options, ['clear']));
  }

  /**
   * The cart with the prices and the stock of now. A cart that does not exist is an empty one.
   *
   * @throws CartError `AMOUNT_OVERFLOW`.
   */
  async get(cartId: string): Promise<Cart> {
    const { currency, stock } = this.#config;
    const stored = await this.#layout.read(checkId('cartId', cartId));
    return toCart(cartId, currency, stored, stock !== 'none', stock === 'reserve-on-add');
  }

  /** Several carts, asked for at once. @throws CartError as `get`. */
  async getMany(cartIds: Iterable<string>): Promise<Map<string, Cart>> {
    const ids = [...new Set(checkList('cartIds', cartIds).map((id) => checkId('cartId', id)))];
    this.#checkBatch('cartIds', ids.length, 0);
    const carts = await Promise.all(ids.map((id) => this.get(id)));
    return new Map(carts.map((cart) => [cart.id, cart]));
  }

  /** Units in the cart, without reading its lines: for the badge of every page. */
  async count(cartId: string): Promise<number> {
    return this.#layout.count(checkId('cartId', cartId));
  }

  /** Gives the cart its time again, as a change does. @returns False where there is none. */
  async touch(cartId: string): Promise<boolean> {
    return this.#layout.touch(checkId('cartId', cartId));
  }

  /** The prices of now become those of the lines, in the currency of this service: the visitor has seen them. */
  async acceptPrices(cartId: string, options: OperationOptions = {}): Promise<Mutation> {
    return this.#layout.acceptPrices(checkId('cartId', cartId), toOperation(options, ['acceptPrices']));
  }

  /**
   * Moves the lines of one cart (a guest's) into another (that of the user who logged in), with what is held for them. The
   * source is gone afterwards, so a repeat merges nothing. What exceeds the stock or a limit is left out and reported; what
   * the target had before stays, whatever the stock is now. Every strategy keeps the lines that one cart alone has.
   * `ifVersion` is of the target.
   *
   * @throws CartError `IN_CHECKOUT` (the source is being paid), `CURRENCY_MISMATCH`.
   */
  async merge(from: string, into: string, options: MergeOptions = {}): Promise<MergeResult> {
    const [source, target] = [checkId('from', from), checkId('into', into)];
    if (source === target) throw invalid('INVALID_ARGUMENT', 'into', into, 'another cart than from');
    const given = checkObject('options', options)['strategy'];
    const strategies = ['sum', 'max', 'keep-target', 'keep-source'] as const;
    const strategy = checkOneOf('strategy', given === undefined ? 'sum' : given, strategies);
    return this.#layout.merge(source, target, strategy, toOperation(options, ['merge', source, strategy]));
  }

  /**
   * Begins to pay: holds all that is in the cart until the window is over, or nothing of it. Afterwards the cart may be
   * changed as before: the checkout stays what it is.
   *
   * @throws CartError `OUT_OF_STOCK`, `UNKNOWN_SKU`, `PRICE_MISSING`, `TOTAL_CHANGED`, `EMPTY_CART`, `IN_CHECKOUT`,
   *   `LIMIT_EXCEEDED` (`heldUnits`), `CURRENCY_MISMATCH`, `AMOUNT_OVERFLOW`.
   */
  async beginCheckout(cartId: string, options: CheckoutOptions = {}): Promise<Checkout> {
    const cart = checkId('cartId', cartId);
    const given = checkObject('options', options);
    const total = checkOptional(given['expectedTotal'], (value) => checkPrice('expectedTotal', value));
    const { checkoutMs } = this.#config;
    const windowMs = options.window === undefined ? checkoutMs : parseDuration('window', options.window);
    const checkoutId = `${randomBytes(16).toString('base64url')}.${cart}`;
    return this.#layout.begin(cart, checkoutId, windowMs, total, toOperation(options, ['beginCheckout', total ?? '']));
  }

  /**
   * The checkout has been paid: takes the units out of the stock, and what was ordered out of the cart, which keeps what
   * was added since. With the same order id it is done once, however often the payment's webhook comes. A commit after the
   * window is over still takes what nobody else has bought.
   *
   * @param order `orderId`: 1 to 256 bytes, one for each order.
   * @throws CartError `CHECKOUT_NOT_FOUND`, `ORDER_CONFLICT`, `HOLD_EXPIRED` (only with `onShortfall: 'refuse'`).
   */
  async commit(
    order: { readonly checkoutId: string; readonly orderId: string },
    options: CommitOptions = {},
  ): Promise<CommitResult> {
    const given = checkObject('order', order);
    const { checkoutId, cartId } = checkCheckoutId(given['checkoutId']);
    const orderId = checkId('orderId', given['orderId']);
    const onShortfall = checkObject('options', options)['onShortfall'] ?? 'report';
    const choice = checkOneOf('onShortfall', onShortfall, ['report', 'refuse']);
    return this.#layout.commit(cartId, checkoutId, orderId, choice);
  }

  /** Gives up a checkout, and what it holds. First cancel the payment: what is paid afterwards finds nothing to commit. */
  async cancel(checkout: { readonly checkoutId: string }): Promise<CancelResult> {
    const { checkoutId, cartId } = checkCheckoutId(checkObject('checkout', checkout)['checkoutId']);
    return this.#layout.cancel(cartId, checkoutId);
  }

  /**
   * Does what time has brought about: tells of carts that were left (the stream `events`, see docs/carts.md), drives
   * checkouts forward that were paid and not finished (`split`), and sweeps holds whose time is over. Call it every minute
   * or so from one process or from many: each event is told once.
   */
  async reap(): Promise<ReapResult> {
    return reap(this.#config, this.#layout);
  }

  #checkBatch(field: string, requested: number, least = 1): void {
    const max = this.#config.batch;
    if (requested > max) throw new CartError({ code: 'LIMIT_EXCEEDED', limit: 'batch', max, requested });
    if (requested < least) throw invalid('INVALID_ARGUMENT', field, [], 'at least one');
  }
}

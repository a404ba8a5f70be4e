import type { Cart, LineQuantity, MergeResult } from './cart.js';
import { CartError } from './cart-error.js';
import { named } from './faults.js';
import { checkId, checkQuantity, checkSku, invalid } from './input.js';
import type { ChangeReply, MergeStrategy } from './library.js';
import { type CartConfiguration, type CartServiceOptions, resolveOptions } from './options.js';

const STRATEGIES: readonly unknown[] = ['sum', 'max', 'keep-target', 'keep-source'] satisfies MergeStrategy[];

/**
 * The carts of one shop. Every change is one atomic step on the server and a change of the quantity there, never a cart
 * written back: parallel changes add up. A change refreshes the life of the cart (`ttl.idleMs`), a read does not.
 *
 * Cart ids and SKUs are any text of 1 to 256 bytes, compared byte by byte. Refusals are CartErrors and change nothing;
 * an unreachable server is an UnavailableError.
 */
export class CartService {
  readonly #config: CartConfiguration;

  /** @throws InvalidArgumentError that names the option. */
  constructor(options: CartServiceOptions) {
    this.#config = resolveOptions(options);
  }

  /**
   * Adds units of a product.
   *
   * @throws CartError `OUT_OF_STOCK` when the cart would hold more than the stock, `UNKNOWN_SKU` when the stock does not
   *   list the product, `LIMIT_EXCEEDED`, `INVALID_QUANTITY` (below 1), `INVALID_ARGUMENT`, `CORRUPT_DATA`.
   */
  async add(cartId: string, line: { sku: string; quantity: number }): Promise<LineQuantity> {
    const { library, policy, keys } = this.#config;
    const cart = keys.cart(checkId('cartId', cartId));
    const sku = checkSku(line);
    const quantity = checkQuantity('quantity', line.quantity, 1);
    const reply = await named(library.add(cart, keys.stock, sku, quantity, policy));
    return changed(reply, sku, quantity, (inCart) => inCart + quantity);
  }

  /**
   * Makes a line hold exactly this many units; 0 removes it.
   *
   * @throws CartError as `add`.
   */
  async setQuantity(cartId: string, line: { sku: string }, quantity: number): Promise<LineQuantity> {
    const { library, policy, keys } = this.#config;
    const cart = keys.cart(checkId('cartId', cartId));
    const sku = checkSku(line);
    // removing also works over maxmemory, setting does not
    if (checkQuantity('quantity', quantity, 0) === 0) return this.remove(cartId, line);
    const reply = await named(library.set(cart, keys.stock, sku, quantity, policy));
    return changed(reply, sku, quantity, () => quantity);
  }

  /**
   * Takes units of a product out of the cart; more than there are takes them all. A product that is not in the cart is no
   * error: a repeated removal has the same result.
   *
   * @param quantity Units to take. Default: all.
   * @throws CartError `INVALID_QUANTITY` (below 1), `INVALID_ARGUMENT`, `CORRUPT_DATA`.
   */
  async remove(cartId: string, line: { sku: string }, quantity?: number): Promise<LineQuantity> {
    const { library, policy, keys } = this.#config;
    const cart = keys.cart(checkId('cartId', cartId));
    const sku = checkSku(line);
    const units = quantity === undefined ? 'all' : checkQuantity('quantity', quantity, 1);
    return { sku, quantity: await named(library.remove(cart, sku, units, policy.ttlMs)) };
  }

  /**
   * The cart with the prices of now. A cart that does not exist is an empty one.
   *
   * @throws CartError `AMOUNT_OVERFLOW`, `CORRUPT_DATA`, `INVALID_ARGUMENT`.
   */
  async get(cartId: string): Promise<Cart> {
    const { library, keys, currency } = this.#config;
    const cart = keys.cart(checkId('cartId', cartId));
    const { total, lines } = await named(library.get(cart, keys.prices));
    const itemCount = lines.reduce((sum, line) => sum + line.quantity, 0);
    return { id: cartId, currency, lines, itemCount, total };
  }

  /** Removes every line. @throws CartError `INVALID_ARGUMENT`, or `CORRUPT_DATA` when the key holds no cart. */
  async clear(cartId: string): Promise<{ lines: number }> {
    const { library, keys } = this.#config;
    return { lines: await named(library.clear(keys.cart(checkId('cartId', cartId)))) };
  }

  /**
   * Moves the lines of one cart (a guest's) into another (that of the user who logged in), in one step. The source is
   * gone afterwards, so a repeat merges nothing. What exceeds the stock or a limit is left out and reported; what the
   * target had before stays, whatever the stock is now. Every strategy keeps the products that one cart alone has.
   *
   * @param options.strategy For products that both have. Default: `sum`.
   * @throws CartError `INVALID_ARGUMENT` (also for one cart given twice), `CORRUPT_DATA`.
   */
  async merge(from: string, into: string, options: { strategy?: MergeStrategy } = {}): Promise<MergeResult> {
    const { library, policy, keys } = this.#config;
    const source = keys.cart(checkId('from', from));
    const target = keys.cart(checkId('into', into));
    if (from === into) throw invalid('INVALID_ARGUMENT', 'into', into, 'another cart than from');
    const { strategy = 'sum' } = options;
    if (!STRATEGIES.includes(strategy)) {
      throw invalid('INVALID_ARGUMENT', 'strategy', strategy, 'sum, max, keep-target or keep-source');
    }
    return named(library.merge(source, target, keys.stock, strategy, policy));
  }
}

function changed(reply: ChangeReply, sku: string, requested: number, wanted: (inCart: number) => number): LineQuantity {
  switch (reply.code) {
    case 'OK':
      return { sku, quantity: reply.quantity };
    case 'OUT_OF_STOCK':
      throw new CartError({ ...reply, sku, requested });
    case 'UNKNOWN_SKU':
      throw new CartError({ code: 'UNKNOWN_SKU', sku });
    case 'LIMIT_EXCEEDED': {
      const { code, limit, max, inCart } = reply;
      throw new CartError({ code, limit, max, requested: limit === 'lines' ? inCart + 1 : wanted(inCart) });
    }
  }
}

import { CartError, type Units } from '../cart-error.js';
import { toAvailable } from '../cart-reply.js';
import { named } from '../faults.js';
import type { Call, Reply } from '../library.js';
import type { Operation } from '../operation.js';
import type { CartConfiguration } from '../options.js';
import { accept, hasBacklog, toDateOrNull, toDetails, toInteger, toIntegerOrNull } from '../replies.js';
import { sweepAll } from '../sweep.js';

/** What a product has to offer to one cart. */
export interface Offer {
  readonly available: number | 'untracked' | 'unknown';
  readonly price: number | null;
  readonly held: number;
  readonly heldUntil: Date | null;
}

/** Products, each in a slot of its own, as one cart deals with them. Each call is one atomic step of one product. */
export class Products {
  readonly #config: CartConfiguration;

  constructor(config: CartConfiguration) {
    this.#config = config;
  }

  async offer(cartId: string, sku: string): Promise<Offer> {
    const { library, keys, stock: mode } = this.#config;
    const { stock, holds, due, prices } = keys.stock(sku);
    const call = { keys: [stock, holds, due, prices], args: [sku, keys.of(cartId).cart] };
    let reply = await named(library.offer(call));
    if (reply[6] === 1) {
      await sweepAll(library, keys.stock(sku));
      reply = await named(library.offer(call));
    }
    const [, available, price, held, until] = reply;
    return {
      available: mode === 'none' ? 'untracked' : (toAvailable(available) ?? 'unknown'),
      price: toIntegerOrNull(price),
      held: toInteger(held),
      heldUntil: toDateOrNull(until),
    };
  }

  async offers(cartId: string, skus: Iterable<string>): Promise<Map<string, Offer>> {
    const wanted = [...new Set(skus)];
    const offers = await Promise.all(wanted.map((sku) => this.offer(cartId, sku)));
    return new Map(wanted.map((sku, i) => [sku, offers[i] as Offer]));
  }

  /**
   * Holds more units.
   *
   * @param op Given where a repeat must not hold twice.
   * @throws CartError `OUT_OF_STOCK`, `UNKNOWN_SKU`.
   */
  async hold(cartId: string, sku: string, by: number, op?: Operation): Promise<Date | null> {
    const { library, keys, policies } = this.#config;
    const isNamed = op?.opId !== undefined;
    const { values } = accept(
      await this.#withSweep(sku, library.hold, {
        keys: [...this.#place(sku), ...(isNamed ? [keys.stockOperation(sku, `${cartId}:${op.opId}`)] : [])],
        args: [sku, keys.of(cartId).cart, by, policies.product, ...(isNamed ? ['op', op.fingerprint] : [])],
      }),
      { sku, requested: by, opId: op?.opId },
    );
    return toDateOrNull(values[1]);
  }

  /** Lets go of units, where so many are held and no checkout has pinned them. */
  async letGo(cartId: string, sku: string, units: number): Promise<void> {
    const { library, keys } = this.#config;
    await named(library.letGo({ keys: this.#place(sku), args: [sku, keys.of(cartId).cart, units] }));
  }

  /** Holds so many units for a checkout, all or none. Again it does the same. @throws CartError as `hold`. */
  async pin(cartId: string, units: Units, checkoutId: string, windowMs: number): Promise<void> {
    const { library, keys, policies } = this.#config;
    const { sku, quantity } = units;
    const args = [sku, keys.of(cartId).cart, quantity, checkoutId, windowMs, policies.product];
    const reply = await this.#withSweep(sku, library.pin, { keys: this.#place(sku), args });
    if (reply[0] === 'OK') return;
    const details = toDetails(reply, { sku, requested: quantity });
    throw new CartError(details.code === 'OUT_OF_STOCK' ? { ...details, inCart: quantity } : details);
  }

  /** @param keep Units that stay held for the cart itself. */
  async unpin(cartId: string, sku: string, checkoutId: string, keep: number): Promise<void> {
    const { library, keys, policies } = this.#config;
    const args = [sku, keys.of(cartId).cart, checkoutId, keep, policies.product];
    await named(library.unpin({ keys: this.#place(sku), args }));
  }

  /** Takes units out of the stock, once per checkout. @returns How many there were to take. */
  async sell(cartId: string, { sku, quantity }: Units, checkoutId: string): Promise<number> {
    const { library, keys, policies } = this.#config;
    const args = [sku, keys.of(cartId).cart, quantity, checkoutId, policies.product];
    const [, sold] = await named(library.sell({ keys: [...this.#place(sku), keys.sale(sku, checkoutId)], args }));
    return toInteger(sold);
  }

  #place(sku: string): string[] {
    const { stock, holds, due } = this.#config.keys.stock(sku);
    return [stock, holds, due];
  }

  async #withSweep(sku: string, send: (call: Call) => Promise<Reply>, call: Call): Promise<Reply> {
    const reply = await named(send(call));
    if (!hasBacklog(reply)) return reply;
    await sweepAll(this.#config.library, this.#config.keys.stock(sku));
    return named(send(call));
  }
}

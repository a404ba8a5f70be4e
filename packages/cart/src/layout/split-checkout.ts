import type { CancelResult, Checkout, CommitResult } from '../cart.js';
import { CartError, type Units } from '../cart-error.js';
import type { StoredCart } from '../cart-reply.js';
import { named } from '../faults.js';
import { checkCheckoutId } from '../input.js';
import type { Operation } from '../operation.js';
import type { CartConfiguration } from '../options.js';
import { accept, toDetails, toInteger, toText, toUnits } from '../replies.js';
import { CartCalls, toCancelResult, toCheckout, toCommitResult } from './cart-calls.js';
import { Journal } from './journal.js';
import type { Products } from './products.js';

/** After so long a checkout that was being paid is looked at: whoever began to finish it has died, or is slow. */
const LOOK_AFTER_MS = 1_000;
/** So long what is pinned again at a commit stays so: longer than selling it takes. */
const REPIN_MS = 60_000;
/** A cart that is changed more often while its checkout begins is left to its visitor. */
const ATTEMPTS = 10;

/**
 * A checkout whose cart and products are in slots of their own: a journal in the cart's slot (pin → pay → commit) that
 * whoever finds it drives forward. Until it is paid it may be left where it is: the pins have deadlines. From then on there
 * is no way back, and every step may be repeated.
 */
export class SplitCheckout {
  readonly #config: CartConfiguration;
  readonly #products: Products;
  readonly #read: (cartId: string) => Promise<StoredCart>;
  readonly #calls: CartCalls;
  readonly #journal: Journal;

  constructor(config: CartConfiguration, products: Products, read: (cartId: string) => Promise<StoredCart>) {
    this.#config = config;
    this.#products = products;
    this.#read = read;
    this.#calls = new CartCalls(config);
    this.#journal = new Journal(config, 'checkouts');
  }

  async begin(
    cartId: string,
    checkoutId: string,
    windowMs: number,
    expectedTotal: number | undefined,
    op: Operation,
  ): Promise<Checkout> {
    for (let attempt = 1; ; attempt++) {
      try {
        const checkout = await this.#open(cartId, checkoutId, windowMs, expectedTotal, op);
        await this.#pinAll(checkout, windowMs);
        return checkout;
      } catch (error) {
        const hasMoved = error instanceof CartError && error.code === 'VERSION_CONFLICT' && op.ifVersion === undefined;
        if (!hasMoved || attempt === ATTEMPTS) throw error;
      }
    }
  }

  async commit(
    cartId: string,
    checkoutId: string,
    orderId: string,
    onShortfall: 'report' | 'refuse',
  ): Promise<CommitResult> {
    const { library, keys, policies } = this.#config;
    const { cart, checkout, order } = keys.of(cartId);
    if (onShortfall === 'refuse') await this.#pinAgain(cartId, checkoutId);
    // before the point of no return, so that whatever happens after it is found
    await this.#journal.note(checkoutId, LOOK_AFTER_MS);
    const paid = await named(
      library.paid({ keys: [checkout, order(orderId)], args: [checkoutId, orderId, policies.settle] }),
    );
    const before = paid[0] === 'ALREADY' ? toCommitResult(paid, orderId) : undefined;
    if (before || paid[0] !== 'OK') {
      await this.#journal.forget(checkoutId);
      if (before) return before;
      throw new CartError(toDetails(paid, { checkoutId, orderId }));
    }
    const shortfall = await this.#sellAll(cartId, checkoutId, toUnits(paid.slice(1)));
    const reply = await named(
      library.commit(
        this.#calls.make(cartId, {
          keys: [cart, checkout, order(orderId)],
          fixed: [checkoutId, orderId, 'report'],
          policy: policies.settle,
          options: shortfall.flatMap(({ sku, quantity }) => [sku, quantity]),
        }),
      ),
    );
    await this.#journal.forget(checkoutId);
    const result = toCommitResult(reply, orderId);
    if (result) return result;
    throw new CartError(toDetails(reply, { checkoutId, orderId }));
  }

  async cancel(cartId: string, checkoutId: string): Promise<CancelResult> {
    const { library, keys, policies, stock } = this.#config;
    const { cart, checkout } = keys.of(cartId);
    const change = { keys: [cart, checkout], fixed: [checkoutId], policy: policies.settle };
    const reply = await named(library.cancel(this.#calls.make(cartId, change)));
    // the journal is gone first: nobody can pay for what is let go now
    const keeps = stock === 'reserve-on-add';
    const units = toUnits(reply.slice(3));
    await Promise.all(
      units.map(({ sku, quantity }) => this.#products.unpin(cartId, sku, checkoutId, keeps ? quantity : 0)),
    );
    return toCancelResult(reply);
  }

  /** Finishes checkouts that were paid, and nobody finished. @returns How many. */
  async recover(): Promise<number> {
    return this.#journal.each(async (checkoutId) => {
      const { cartId } = checkCheckoutId(checkoutId);
      const { library, keys } = this.#config;
      const [id, state, , orderId] = await named(library.journal({ keys: [keys.of(cartId).checkout] }));
      if (id === checkoutId && state === 'paid') {
        await this.commit(cartId, checkoutId, toText(orderId), 'report');
        return true;
      }
      // not paid, or done, or gone: a commit that comes still notes it again
      await this.#journal.forget(checkoutId);
      return false;
    });
  }

  async #open(
    cartId: string,
    checkoutId: string,
    windowMs: number,
    expectedTotal: number | undefined,
    op: Operation,
  ): Promise<Checkout> {
    const { library, keys, policies, currency } = this.#config;
    const stored = await this.#read(cartId);
    this.#assertHoldable(stored);
    const { cart, checkout } = keys.of(cartId);
    const prices = stored.lines.flatMap(({ lineId, unitPrice }) => [lineId, String(unitPrice ?? '')]);
    const change = {
      keys: [cart, checkout],
      fixed: [checkoutId, windowMs],
      policy: policies.checkout,
      options: ['prices', JSON.stringify(prices), ...(expectedTotal === undefined ? [] : ['total', expectedTotal])],
    };
    // the prices are those of this version
    const guarded = { ...op, ifVersion: op.ifVersion ?? stored.version };
    const reply = await named(library.checkout(this.#calls.make(cartId, change, guarded)));
    const asked = { ifVersion: guarded.ifVersion, opId: op.opId, currency };
    return toCheckout(accept(reply, asked), { cartId, currency });
  }

  async #pinAll({ cartId, checkoutId, lines, replayed }: Checkout, windowMs: number): Promise<void> {
    const { library, keys } = this.#config;
    // what is over is not held again
    if (replayed && !(await this.#isPinning(cartId, checkoutId))) return;
    const pinned: Units[] = [];
    try {
      for (const units of this.#toPin(lines)) {
        // also where no answer comes it may be pinned
        pinned.push(units);
        await this.#products.pin(cartId, units, checkoutId, windowMs);
      }
    } catch (error) {
      await this.#undo(cartId, checkoutId, pinned);
      throw error;
    }
    const [, opened] = await named(library.opened({ keys: [keys.of(cartId).checkout], args: [checkoutId] }));
    // the answer to an operation that is over
    if (toInteger(opened) === 0) await this.#isPinning(cartId, checkoutId);
  }

  /** @throws CartError `CHECKOUT_NOT_FOUND` where it is not the checkout of the cart any more. */
  async #isPinning(cartId: string, checkoutId: string): Promise<boolean> {
    const { library, keys } = this.#config;
    const [id, state] = await named(library.journal({ keys: [keys.of(cartId).checkout] }));
    if (id === checkoutId) return state === 'pinning';
    throw new CartError({ code: 'CHECKOUT_NOT_FOUND', checkoutId });
  }

  async #undo(cartId: string, checkoutId: string, pinned: readonly Units[]): Promise<void> {
    try {
      await this.cancel(cartId, checkoutId);
    } catch {
      // what is left expires by itself; the reason why it was not pinned is what matters
      await Promise.allSettled(pinned.map(({ sku }) => this.#products.unpin(cartId, sku, checkoutId, 0)));
    }
  }

  /** @throws CartError `HOLD_EXPIRED` where a product has been sold to others meanwhile. */
  async #pinAgain(cartId: string, checkoutId: string): Promise<void> {
    const { library, keys } = this.#config;
    const [id, state, , , ...units] = await named(library.journal({ keys: [keys.of(cartId).checkout] }));
    if (id !== checkoutId || state !== 'open') return;
    const shortfall: Units[] = [];
    for (const each of this.#toPin(toUnits(units))) {
      try {
        await this.#products.pin(cartId, each, checkoutId, REPIN_MS);
      } catch (error) {
        if (!(error instanceof CartError)) throw error;
        if (error.is('OUT_OF_STOCK')) {
          shortfall.push({ sku: each.sku, quantity: each.quantity - error.details.available });
        } else if (error.is('UNKNOWN_SKU')) shortfall.push(each);
        else throw error;
      }
    }
    if (shortfall.length > 0) throw new CartError({ code: 'HOLD_EXPIRED', checkoutId, shortfall });
  }

  /** Each step is done once, whoever does it. */
  async #sellAll(cartId: string, checkoutId: string, ordered: readonly Units[]): Promise<Units[]> {
    if (this.#config.stock === 'none') return [];
    const sold = await Promise.all(ordered.map((units) => this.#products.sell(cartId, units, checkoutId)));
    return ordered.flatMap(({ sku, quantity }, i) => {
      const missing = quantity - (sold[i] ?? 0);
      return missing > 0 ? [{ sku, quantity: missing }] : [];
    });
  }

  /** By product, in one order for all: of two checkouts that want the same, one gets all of it. */
  #toPin(lines: readonly Units[]): Units[] {
    const { stock } = this.#config;
    if (stock === 'none' || stock === 'check') return [];
    const units = new Map<string, number>();
    for (const { sku, quantity } of lines) units.set(sku, (units.get(sku) ?? 0) + quantity);
    return [...units.keys()].sort().map((sku) => ({ sku, quantity: units.get(sku) ?? 0 }));
  }

  #assertHoldable({ lines, units }: StoredCart): void {
    const { stock, heldUnits: max } = this.#config;
    if (stock === 'none') return;
    if (stock !== 'check' && units > max) {
      throw new CartError({ code: 'LIMIT_EXCEEDED', limit: 'heldUnits', max, requested: units });
    }
    const wanted = new Map<string, number>();
    for (const { sku, quantity } of lines) wanted.set(sku, (wanted.get(sku) ?? 0) + quantity);
    for (const { sku, available } of lines) {
      const inCart = wanted.get(sku) ?? 0;
      if (available === 'unknown' && !this.#config.sellsUnknown) throw new CartError({ code: 'UNKNOWN_SKU', sku });
      if (typeof available !== 'number' || available >= inCart) continue;
      throw new CartError({ code: 'OUT_OF_STOCK', sku, requested: inCart, available, inCart });
    }
  }
}

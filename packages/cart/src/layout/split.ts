import type { LineChange, LineOutcome, MergeResult, MergeStrategy } from '../cart.js';
import { CartError, type CartErrorDetails } from '../cart-error.js';
import type { StoredCart, StoredLine } from '../cart-reply.js';
import { named } from '../faults.js';
import type { Operation } from '../operation.js';
import type { CartConfiguration } from '../options.js';
import { readCart } from '../read-cart.js';
import { type Asked, accept, toDetails, toInteger } from '../replies.js';
import {
  CartCalls,
  type Change,
  itemArguments,
  lineOptions,
  skuOf,
  toCleared,
  toLineChange,
  toOutcomes,
} from './cart-calls.js';
import { Journal } from './journal.js';
import type { AddOptions, CartLayout, LineTarget, NewUnits } from './layout.js';
import { type Offer, Products } from './products.js';
import { SplitCheckout } from './split-checkout.js';
import { type ParcelLine, SplitMerge } from './split-merge.js';

type ChangeName = 'add' | 'set' | 'addMany' | 'remove' | 'clear' | 'accept';

/** Of no cart: the first is the time of its making, in µs. */
const NO_VERSION = 1;
/** A cart that is changed more often while somebody clears it is not cleared. */
const ATTEMPTS = 10;

/** What is to be reserved for a line. */
interface Wanted {
  readonly sku: string;
  readonly by: number;
  readonly inCart: number;
  readonly offer: Offer;
  readonly expected: number | undefined;
}

interface SplitAddOptions extends AddOptions {
  /** Where the line was in another cart before. */
  readonly priceAtAdd?: number | null;
}

interface Grown {
  readonly change: LineChange;
  /** Units that came to the line. */
  readonly grown: number;
}

/**
 * Each cart and each product in a slot of its own. What is held is held before it is in the cart, and let go after it has
 * left: a process that dies in between leaves units held that nobody has, until their deadline, and never a unit twice.
 */
export class SplitLayout implements CartLayout {
  readonly #config: CartConfiguration;
  readonly #products: Products;
  readonly #calls: CartCalls;
  readonly #idle: Journal;
  readonly #checkouts: SplitCheckout;
  readonly #merges: SplitMerge;

  constructor(config: CartConfiguration) {
    this.#config = config;
    this.#products = new Products(config);
    this.#calls = new CartCalls(config);
    this.#idle = new Journal(config, 'carts');
    this.#checkouts = new SplitCheckout(config, this.#products, (cartId) => this.read(cartId));
    this.#merges = new SplitMerge(config, {
      lines: (cartId) => this.#lines(cartId),
      add: (cartId, line, quantity, op) => this.#addFrom(cartId, line, quantity, op),
      set: (cartId, line, quantity, op) => this.set(cartId, line, quantity, op),
      letGo: (cartId, sku, units) => this.#letGo(cartId, sku, units),
      unpin: (cartId, sku, checkoutId, keep) => this.#products.unpin(cartId, sku, checkoutId, keep),
    });
  }

  async add(cartId: string, target: LineTarget, quantity: number, options: SplitAddOptions, op: Operation) {
    const sku = target.sku ?? skuOf(target.lineId);
    const { expectedUnitPrice: expected, clamps } = options;
    const [offer, inCart] = await Promise.all([this.#products.offer(cartId, sku), this.#unitsOf(cartId, sku)]);
    const wanted = clamps ? this.#clamp(offer, inCart, quantity) : quantity;
    const more = [...given(options.priceAtAdd ?? offer.price), ...(clamps ? ['short', 'clamp'] : [])];
    const change = this.#changeOf(cartId, [target.sku ?? '', wanted], [...lineOptions(target), ...more]);
    const held = { sku, by: wanted, inCart, offer, expected };
    return this.#holding(cartId, held, op, (op) => this.#changeLine('add', cartId, target, change, op, wanted));
  }

  async set(cartId: string, target: LineTarget, quantity: number, op: Operation) {
    const sku = target.sku ?? skuOf(target.lineId);
    const [offer, cart] = await Promise.all([this.#products.offer(cartId, sku), this.#lines(cartId)]);
    const current = cart.lines.find(({ lineId }) => lineId === target.lineId)?.quantity ?? 0;
    const inCart = sumOf(cart.lines, sku);
    const options = [...lineOptions(target), ...given(offer.price)];
    const change = this.#changeOf(cartId, [target.sku ?? '', quantity], options);
    const held = { sku, by: Math.max(0, quantity - current), inCart, offer, expected: undefined };
    return this.#holding(cartId, held, op, (op) => this.#changeLine('set', cartId, target, change, op, quantity));
  }

  async remove(cartId: string, target: LineTarget, quantity: number | 'all', op: Operation) {
    const change = this.#changeOf(cartId, [target.sku ?? '', quantity], lineOptions(target));
    const answer = accept(await this.#send('remove', cartId, change, op), {
      ...this.#asked(op),
      line: target.lineId,
    });
    const { change: line, removed } = toLineChange(answer, target.sku);
    if (removed > 0 && !line.replayed) await this.#letGo(cartId, line.sku, removed);
    return { ...line, removed };
  }

  async addMany(cartId: string, items: readonly NewUnits[], mode: 'atomic' | 'partial', op: Operation) {
    const before = op.opId === undefined ? undefined : await this.#manyReplayed(cartId, items, mode, op);
    if (before) return before;
    const skus = items.map(({ sku }) => sku);
    const [offers, cart] = await Promise.all([this.#products.offers(cartId, skus), this.#lines(cartId)]);
    const refused = new Map<number, CartErrorDetails>();
    const held: NewUnits[] = [];
    const release = () => Promise.all(held.map(({ sku, quantity }) => this.#letGo(cartId, sku, quantity)));
    const inCart = new Map(skus.map((sku) => [sku, sumOf(cart.lines, sku)]));
    for (const [index, item] of items.entries()) {
      const reason = await this.#refusalOf(cartId, item, offers.get(item.sku) as Offer, inCart);
      if (reason === undefined) held.push(item);
      else refused.set(index, reason);
      if (reason === undefined || mode === 'partial') continue;
      await release();
      throw new CartError(reason);
    }
    if (held.length === 0) return this.#nothingAdded(cart.version, items, refused);
    const priced = held.map((item) => ({ ...item, expectedUnitPrice: offers.get(item.sku)?.price ?? undefined }));
    try {
      const change = { ...this.#changeOf(cartId, [mode]), items: priced.flatMap(itemArguments) };
      const reply = await this.#send('addMany', cartId, change, op);
      if (reply[0] === 'REFUSED') {
        const { sku, quantity } = held[toInteger(reply[1]) - 1] as NewUnits;
        throw new CartError(toDetails(reply.slice(2), { ...this.#asked(op), sku, requested: quantity }));
      }
      const result = toOutcomes(accept(reply, this.#asked(op)), held);
      const unused = result.replayed ? held : held.filter((_, i) => result.outcomes[i]?.ok === false);
      await Promise.all(unused.map(({ sku, quantity }) => this.#letGo(cartId, sku, quantity)));
      return { ...result, outcomes: inOrder(items, result.outcomes, refused) };
    } catch (error) {
      if (error instanceof CartError) await release();
      throw error;
    }
  }

  async clear(cartId: string, op: Operation) {
    for (let attempt = 1; ; attempt++) {
      const { version, lines } = await this.#lines(cartId).catch(unreadable);
      // what is let go is what was cleared: of this version
      const guarded = { ...op, ifVersion: op.ifVersion ?? version };
      const reply = await this.#send('clear', cartId, this.#changeOf(cartId, []), guarded);
      if (reply[0] === 'VERSION_CONFLICT' && op.ifVersion === undefined && attempt < ATTEMPTS) continue;
      const cleared = toCleared(accept(reply, this.#asked(guarded)));
      if (cleared.changed && !cleared.replayed) {
        const skus = [...new Set(lines.map(({ sku }) => sku))];
        await Promise.all(skus.map((sku) => this.#letGo(cartId, sku, sumOf(lines, sku))));
      }
      return cleared;
    }
  }

  async acceptPrices(cartId: string, op: Operation) {
    const { lines } = await this.read(cartId);
    const prices = JSON.stringify(lines.flatMap(({ lineId, unitPrice }) => [lineId, String(unitPrice ?? '')]));
    const reply = await this.#send('accept', cartId, this.#changeOf(cartId, [], ['prices', prices]), op);
    const { version, changed, replayed } = toCleared(accept(reply, this.#asked(op)));
    return { version, changed, replayed };
  }

  merge(from: string, into: string, strategy: MergeStrategy, op: Operation): Promise<MergeResult> {
    return this.#merges.merge(from, into, strategy, op);
  }

  async touch(cartId: string): Promise<boolean> {
    const { library } = this.#config;
    const [, found] = await named(library.touch(this.#calls.make(cartId, this.#changeOf(cartId, []))));
    if (toInteger(found) === 1) await this.#noteIdle(cartId);
    return toInteger(found) === 1;
  }

  async read(cartId: string): Promise<StoredCart> {
    const cart = await this.#lines(cartId);
    const offers = await this.#products.offers(
      cartId,
      cart.lines.map(({ sku }) => sku),
    );
    return withOffers(cart, offers, this.#config.stock !== 'none');
  }

  async count(cartId: string): Promise<number> {
    const { library, keys } = this.#config;
    const [, units] = await named(library.count({ keys: [keys.of(cartId).cart] }));
    return toInteger(units);
  }

  begin(cartId: string, checkoutId: string, windowMs: number, total: number | undefined, op: Operation) {
    return this.#checkouts.begin(cartId, checkoutId, windowMs, total, op);
  }

  commit(cartId: string, checkoutId: string, orderId: string, onShortfall: 'report' | 'refuse') {
    return this.#checkouts.commit(cartId, checkoutId, orderId, onShortfall);
  }

  cancel(cartId: string, checkoutId: string) {
    return this.#checkouts.cancel(cartId, checkoutId);
  }

  /** What is paid comes first. */
  async recover(): Promise<number> {
    return (await this.#checkouts.recover()) + (await this.#merges.recover());
  }

  /** Every product has holds of its own: InventoryService.reap knows which. */
  async sweep(): Promise<number> {
    return 0;
  }

  #addFrom(cartId: string, line: ParcelLine, quantity: number, op: Operation): Promise<LineChange> {
    const options = { expectedUnitPrice: undefined, clamps: true, priceAtAdd: line.priceAtAdd };
    return this.add(cartId, line, quantity, options, op);
  }

  /** Reserve, then add; of what was not added, let go. */
  async #holding(cartId: string, want: Wanted, op: Operation, change: (op: Operation) => Promise<Grown>) {
    const { sku, by } = want;
    const reserves = this.#config.stock === 'reserve-on-add' && by > 0;
    let heldUntil: Date | null = null;
    try {
      heldUntil = await this.#reserve(cartId, want, op);
    } catch (error) {
      const before = error instanceof CartError && (await this.#replayed(op, change));
      if (before) return before;
      throw error;
    }
    try {
      const { change: line, grown } = await change(op);
      if (!line.replayed && by !== grown) await this.#letGo(cartId, sku, by - grown);
      return heldUntil && line.quantity > 0 ? { ...line, heldUntil } : line;
    } catch (error) {
      // no answer is no refusal: the line may be there, and keeps its hold until the deadline
      if (reserves && error instanceof CartError) await this.#letGo(cartId, sku, by);
      throw error;
    }
  }

  async #reserve(cartId: string, { sku, by, inCart, offer, expected }: Wanted, op: Operation): Promise<Date | null> {
    if (expected !== undefined && expected !== offer.price) {
      throw new CartError({ code: 'PRICE_CHANGED', sku, expected, actual: offer.price });
    }
    if (by <= 0 || this.#config.stock === 'none') return null;
    if (this.#config.stock === 'reserve-on-add') return this.#products.hold(cartId, sku, by, op);
    const reason = this.#shortOf(sku, offer, inCart, by);
    if (reason) throw new CartError(reason);
    return null;
  }

  /** What came of the operation when it was done before: that comes before any reason not to do it now. */
  async #replayed(op: Operation, change: (op: Operation) => Promise<Grown>): Promise<LineChange | undefined> {
    if (op.opId === undefined) return undefined;
    try {
      return (await change({ ...op, ifVersion: NO_VERSION })).change;
    } catch (error) {
      if (error instanceof CartError && error.code === 'VERSION_CONFLICT') return undefined;
      throw error;
    }
  }

  async #letGo(cartId: string, sku: string, units: number): Promise<void> {
    if (this.#config.stock === 'reserve-on-add' && units > 0) await this.#products.letGo(cartId, sku, units);
  }

  #shortOf(sku: string, { available }: Offer, inCart: number, by: number): CartErrorDetails | undefined {
    if (available === 'unknown' && !this.#config.sellsUnknown) return { code: 'UNKNOWN_SKU', sku };
    if (typeof available !== 'number' || inCart + by <= available) return undefined;
    return { code: 'OUT_OF_STOCK', sku, requested: by, available, inCart };
  }

  #clamp({ available }: Offer, inCart: number, quantity: number): number {
    if (typeof available !== 'number' || inCart + quantity <= available) return quantity;
    // nothing to add: asked for in full, it is refused in full
    return available > inCart ? available - inCart : quantity;
  }

  /** Why an item is not held; undefined where it is, or need not be. */
  async #refusalOf(
    cartId: string,
    { sku, quantity, expectedUnitPrice: expected }: NewUnits,
    offer: Offer,
    inCart: Map<string, number>,
  ): Promise<CartErrorDetails | undefined> {
    if (expected !== undefined && expected !== offer.price) {
      return { code: 'PRICE_CHANGED', sku, expected, actual: offer.price };
    }
    if (this.#config.stock === 'reserve-on-add') {
      try {
        await this.#products.hold(cartId, sku, quantity);
      } catch (error) {
        if (error instanceof CartError && error.httpStatus < 500) return error.details;
        throw error;
      }
      return undefined;
    }
    const units = inCart.get(sku) ?? 0;
    const reason = this.#config.stock === 'none' ? undefined : this.#shortOf(sku, offer, units, quantity);
    if (!reason) inCart.set(sku, units + quantity);
    return reason;
  }

  async #manyReplayed(cartId: string, items: readonly NewUnits[], mode: 'atomic' | 'partial', op: Operation) {
    const change = { ...this.#changeOf(cartId, [mode]), items: items.flatMap(itemArguments) };
    const reply = await this.#send('addMany', cartId, change, { ...op, ifVersion: NO_VERSION });
    if (reply[0] === 'VERSION_CONFLICT') return undefined;
    const asked = this.#asked(op);
    return toOutcomes(accept(reply, asked), items);
  }

  #nothingAdded(version: number, items: readonly NewUnits[], refused: ReadonlyMap<number, CartErrorDetails>) {
    return { version, changed: false, replayed: false, outcomes: inOrder(items, [], refused) };
  }

  async #changeLine(
    name: 'add' | 'set',
    cartId: string,
    target: LineTarget,
    change: Change,
    op: Operation,
    requested: number,
  ): Promise<Grown> {
    const { sku, lineId } = target;
    const asked = { ...this.#asked(op), sku: sku ?? lineId, line: lineId, requested };
    const answer = accept(await this.#send(name, cartId, change, op), asked);
    const { change: line } = toLineChange(answer, sku);
    return { change: line, grown: line.quantity - toInteger(answer.values[2]) };
  }

  async #send(name: ChangeName, cartId: string, change: Change, op: Operation) {
    const reply = await named(this.#config.library[name](this.#calls.make(cartId, change, op)));
    await this.#noteIdle(cartId);
    return reply;
  }

  async #noteIdle(cartId: string): Promise<void> {
    const { abandoned } = this.#config;
    if (abandoned) await this.#idle.note(cartId, abandoned.afterMs);
  }

  #changeOf(cartId: string, fixed: Change['fixed'], options: Change['fixed'] = []): Change {
    const { keys, policies } = this.#config;
    return { keys: [keys.of(cartId).cart], fixed, policy: policies.change, options };
  }

  async #lines(cartId: string): Promise<StoredCart> {
    const { library, keys } = this.#config;
    return readCart(library, [keys.of(cartId).cart]);
  }

  async #unitsOf(cartId: string, sku: string): Promise<number> {
    return this.#config.stock === 'none' ? 0 : sumOf((await this.#lines(cartId)).lines, sku);
  }

  #asked({ ifVersion, opId }: Operation): Asked {
    return { ifVersion, opId, currency: this.#config.currency };
  }
}

/** A cart that cannot be read is cleared all the same; what it holds expires. */
function unreadable(error: unknown): { version: number | undefined; lines: readonly StoredLine[] } {
  if (error instanceof CartError && error.code === 'CORRUPT_DATA') return { version: undefined, lines: [] };
  throw error;
}

function given(price: number | null) {
  return price === null ? [] : ['given', price];
}

function sumOf(lines: readonly StoredLine[], sku: string): number {
  return lines.reduce((sum, line) => (line.sku === sku ? sum + line.quantity : sum), 0);
}

/** Those that were sent, and those that were not, as they were asked for. */
function inOrder(
  items: readonly NewUnits[],
  sent: readonly LineOutcome[],
  refused: ReadonlyMap<number, CartErrorDetails>,
): LineOutcome[] {
  const outcomes = sent.values();
  return items.map(({ sku }, index): LineOutcome => {
    const error = refused.get(index);
    if (error) return { index, sku, ok: false, error };
    return { ...(outcomes.next().value as LineOutcome), index };
  });
}

function withOffers(cart: StoredCart, offers: ReadonlyMap<string, Offer>, looks: boolean): StoredCart {
  const lines = cart.lines.map((line) => {
    const { price, available, held, heldUntil } = offers.get(line.sku) as Offer;
    const subtotal = price === null ? null : price * line.quantity;
    return { ...line, unitPrice: price, subtotal, available: looks ? available : null, held, heldUntil };
  });
  const isComplete = lines.every(({ subtotal }) => subtotal !== null);
  const total = lines.reduce((sum, { subtotal }) => sum + (subtotal ?? 0), 0);
  if (total > Number.MAX_SAFE_INTEGER) throw new CartError({ code: 'AMOUNT_OVERFLOW' });
  return { ...cart, lines, total: isComplete ? total : null };
}

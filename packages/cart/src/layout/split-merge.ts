import { randomBytes } from 'node:crypto';
import type { LineChange, MergeAdjustment, MergeResult, MergeStrategy } from '../cart.js';
import { CartError } from '../cart-error.js';
import type { StoredCart } from '../cart-reply.js';
import { named } from '../faults.js';
import type { Operation } from '../operation.js';
import type { CartConfiguration } from '../options.js';
import { inGroups, toDetails, toInteger, toIntegerOrNull, toText } from '../replies.js';
import { Journal } from './journal.js';
import type { LineTarget } from './layout.js';

/** After so long a merge that was not finished is looked at. */
const LOOK_AFTER_MS = 1_000;

/** What a merge does with carts. Each call is done once per operation. */
export interface MergeSteps {
  readonly lines: (cartId: string) => Promise<StoredCart>;
  readonly add: (cartId: string, line: ParcelLine, quantity: number, op: Operation) => Promise<LineChange>;
  readonly set: (cartId: string, line: ParcelLine, quantity: number, op: Operation) => Promise<LineChange>;
  readonly letGo: (cartId: string, sku: string, units: number) => Promise<void>;
  readonly unpin: (cartId: string, sku: string, checkoutId: string, keep: number) => Promise<void>;
}

export interface ParcelLine extends LineTarget {
  readonly sku: string;
  readonly quantity: number;
  readonly priceAtAdd: number | null;
}

interface Parcel {
  readonly id: string;
  readonly into: string;
  readonly strategy: MergeStrategy;
  readonly lines: readonly ParcelLine[];
}

const WANTED: Readonly<Record<MergeStrategy, (source: number, target: number) => number>> = {
  sum: (source, target) => source + target,
  max: (source, target) => Math.max(source, target),
  'keep-target': (_, target) => target,
  'keep-source': (source) => source,
};

/**
 * A merge of two carts in slots of their own. In one step all lines leave the source, as a parcel beside it; then they are
 * delivered line by line, each as one operation. Whoever finds a parcel delivers it, and nothing arrives twice.
 */
export class SplitMerge {
  readonly #config: CartConfiguration;
  readonly #steps: MergeSteps;
  readonly #journal: Journal;

  constructor(config: CartConfiguration, steps: MergeSteps) {
    this.#config = config;
    this.#steps = steps;
    this.#journal = new Journal(config, 'merges');
  }

  async merge(from: string, into: string, strategy: MergeStrategy, op: Operation): Promise<MergeResult> {
    await this.#assertTarget(into, op);
    await this.#journal.note(from, LOOK_AFTER_MS);
    let lines = 0;
    const adjustments: MergeAdjustment[] = [];
    for (;;) {
      const parcel = await this.#take(from, into, strategy);
      if (!parcel) break;
      const short = await this.#deliver(from, parcel);
      // one that was on its way to somebody else before is not what is told of here
      if (parcel.into !== into) continue;
      lines += parcel.lines.length;
      adjustments.push(...short);
      break;
    }
    await this.#journal.forget(from);
    const { version } = await this.#steps.lines(into);
    return { lines, version, replayed: false, adjustments };
  }

  /** Delivers what was taken, and nobody delivered. @returns How many parcels. */
  async recover(): Promise<number> {
    return this.#journal.each(async (from) => {
      const parcel = await this.#pending(from);
      if (parcel) await this.#deliver(from, parcel);
      await this.#journal.forget(from);
      return parcel !== undefined;
    });
  }

  async #assertTarget(into: string, op: Operation): Promise<void> {
    const { version, currency: cart, lines } = await this.#steps.lines(into);
    if (op.ifVersion !== undefined && op.ifVersion !== version) {
      throw new CartError({ code: 'VERSION_CONFLICT', expected: op.ifVersion, actual: version });
    }
    const { currency } = this.#config;
    if (cart === null || cart === currency || lines.length === 0) return;
    throw new CartError({ code: 'CURRENCY_MISMATCH', cart, given: currency });
  }

  async #take(from: string, into: string, strategy: MergeStrategy): Promise<Parcel | undefined> {
    const { library, keys, policies, currency } = this.#config;
    const { cart, parcel } = keys.of(from);
    const id = randomBytes(16).toString('base64url');
    const reply = await named(library.take({ keys: [cart, parcel], args: [id, into, strategy, policies.change] }));
    if (reply[0] === 'NONE') return undefined;
    if (reply[0] !== 'OK') throw new CartError(toDetails(reply, { currency }));
    return toParcel(reply.slice(1));
  }

  async #pending(from: string): Promise<Parcel | undefined> {
    const { library, keys } = this.#config;
    const reply = await named(library.parcel({ keys: [keys.of(from).parcel] }));
    return reply[0] === 'OK' ? toParcel(reply.slice(1)) : undefined;
  }

  async #deliver(from: string, parcel: Parcel): Promise<MergeAdjustment[]> {
    const { library, keys } = this.#config;
    const adjustments: MergeAdjustment[] = [];
    const checkoutId = await this.#checkoutThatIsOver(from);
    for (const [index, line] of parcel.lines.entries()) {
      if (checkoutId) await this.#steps.unpin(from, line.sku, checkoutId, line.quantity);
      const opId = `merge.${parcel.id}.${index}`;
      const short = await this.#deliverLine(from, parcel, line, { opId, ifVersion: undefined, fingerprint: 'merge' });
      if (short) adjustments.push(short);
    }
    await named(library.delivered({ keys: [keys.of(from).parcel], args: [parcel.id] }));
    return adjustments;
  }

  /** One that can still be paid, late: until then what it pinned is nobody's. */
  async #checkoutThatIsOver(cartId: string): Promise<string | undefined> {
    const { library, keys, stock } = this.#config;
    if (stock !== 'reserve-on-add') return undefined;
    const [id, state, leftMs] = await named(library.journal({ keys: [keys.of(cartId).checkout] }));
    return state === 'open' && toInteger(leftMs) === 0 ? toText(id) : undefined;
  }

  async #deliverLine(from: string, { into, strategy }: Parcel, line: ParcelLine, op: Operation) {
    const { lineId, sku, quantity } = line;
    const { lines } = await this.#steps.lines(into);
    const has = lines.find((other) => other.lineId === lineId)?.quantity ?? 0;
    const wanted = has === 0 ? quantity : WANTED[strategy](quantity, has);
    // held for the source, it is not there for the target
    await this.#steps.letGo(from, sku, quantity);
    let now = has;
    let reason: MergeAdjustment['reason'] | undefined;
    try {
      if (wanted > has) {
        now = (await this.#steps.add(into, line, wanted - has, op)).quantity;
      } else if (wanted < has) {
        now = (await this.#steps.set(into, line, wanted, op)).quantity;
      }
      if (now < wanted) reason = 'stock';
    } catch (error) {
      if (!(error instanceof CartError)) throw error;
      if (error.is('LIMIT_EXCEEDED')) reason = error.details.limit;
      else if (error.is('OUT_OF_STOCK') || error.is('UNKNOWN_SKU')) reason = 'stock';
      else throw error;
    }
    return reason && { lineId, sku, wanted, quantity: now, reason };
  }
}

function toParcel([id, into, strategy, ...lines]: readonly unknown[]): Parcel {
  return {
    id: toText(id),
    into: toText(into),
    strategy: toText(strategy) as MergeStrategy,
    lines: inGroups(lines, 5).map(([lineId, sku, quantity, price, metadata]) => ({
      lineId: toText(lineId),
      sku: toText(sku),
      quantity: toInteger(quantity),
      priceAtAdd: toIntegerOrNull(price),
      metadata: toText(metadata) || undefined,
      mustExist: false,
    })),
  };
}

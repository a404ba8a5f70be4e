import type { Argument } from '@redis-functions/core';
import type { CancelResult, Checkout, CommitResult, LineChange, MergeStrategy } from '../cart.js';
import { CartError } from '../cart-error.js';
import type { StoredCart } from '../cart-reply.js';
import { named } from '../faults.js';
import type { Call, CartLibrary, Reply } from '../library.js';
import type { Operation } from '../operation.js';
import type { CartConfiguration } from '../options.js';
import { readCart } from '../read-cart.js';
import { type Answer, type Asked, accept, hasBacklog, toDetails, toInteger } from '../replies.js';
import { sweepAll } from '../sweep.js';
import { AddBatcher } from './add-batcher.js';
import {
  CartCalls,
  type Change,
  itemArguments,
  lineOptions,
  toCancelResult,
  toCheckout,
  toCleared,
  toCommitResult,
  toLineChange,
  toMergeResult,
  toOutcomes,
} from './cart-calls.js';
import type { AddOptions, CartLayout, LineTarget, NewUnits } from './layout.js';

type ChangeName = 'add' | 'set' | 'addMany' | 'remove' | 'clear' | 'accept' | 'merge' | 'checkout';

/** Everything of a shop in one slot: every operation is one atomic call. */
export class ShopSlotLayout implements CartLayout {
  readonly #config: CartConfiguration;
  readonly #calls: CartCalls;
  readonly #adds: AddBatcher;

  constructor(config: CartConfiguration) {
    this.#config = config;
    this.#calls = new CartCalls(config);
    this.#adds = new AddBatcher(config);
  }

  /** What was asked for before goes out before. */
  get #library(): CartLibrary {
    this.#adds.send();
    return this.#config.library;
  }

  async add(cartId: string, target: LineTarget, quantity: number, options: AddOptions, op: Operation) {
    const { expectedUnitPrice, clamps } = options;
    const isPlain = !clamps && !target.mustExist && op.opId === undefined && op.ifVersion === undefined;
    if (isPlain && target.sku !== undefined) {
      const { lineId, sku, metadata } = target;
      const change = await this.#adds.add(cartId, { lineId, sku, quantity, metadata, expectedUnitPrice });
      if (change) return change;
    }
    const more = [
      ...(expectedUnitPrice === undefined ? [] : ['price', expectedUnitPrice]),
      ...(clamps ? ['short', 'clamp'] : []),
    ];
    return this.#changeLine('add', cartId, target, quantity, more, op);
  }

  async set(cartId: string, target: LineTarget, quantity: number, op: Operation) {
    return this.#changeLine('set', cartId, target, quantity, [], op);
  }

  async remove(cartId: string, target: LineTarget, quantity: number | 'all', op: Operation) {
    const change = {
      keys: this.#lettingGo(cartId),
      fixed: [target.sku ?? '', quantity],
      policy: this.#config.policies.change,
      options: lineOptions(target),
    };
    const answer = await this.#change('remove', cartId, change, op, { line: target.lineId });
    const { change: line, removed } = toLineChange(answer, target.sku);
    return { ...line, removed };
  }

  async addMany(cartId: string, items: readonly NewUnits[], mode: 'atomic' | 'partial', op: Operation) {
    const change = {
      keys: this.#looking(cartId),
      fixed: [mode],
      policy: this.#config.policies.change,
      items: items.flatMap(itemArguments),
    };
    const reply = await this.#send('addMany', cartId, change, op);
    if (reply[0] !== 'REFUSED') return toOutcomes(accept(reply, this.#asked(op)), items);
    const { sku, quantity } = items[toInteger(reply[1]) - 1] as NewUnits;
    throw new CartError(toDetails(reply.slice(2), { ...this.#asked(op), sku, requested: quantity }));
  }

  async clear(cartId: string, op: Operation) {
    const change = { keys: this.#lettingGo(cartId), fixed: [], policy: this.#config.policies.change };
    return toCleared(await this.#change('clear', cartId, change, op, {}));
  }

  async acceptPrices(cartId: string, op: Operation) {
    const { keys, policies } = this.#config;
    const change = { keys: [keys.of(cartId).cart, keys.stock().prices], fixed: [], policy: policies.change };
    const { version, changed, replayed } = toCleared(await this.#change('accept', cartId, change, op, {}));
    return { version, changed, replayed };
  }

  async merge(from: string, into: string, strategy: MergeStrategy, op: Operation) {
    const { keys, policies } = this.#config;
    const { stock, prices, holds, due } = keys.stock();
    const change = {
      keys: [keys.of(from).cart, keys.of(into).cart, stock, prices, holds, due],
      fixed: [strategy],
      policy: policies.change,
    };
    return toMergeResult(await this.#change('merge', into, change, op, {}));
  }

  async touch(cartId: string): Promise<boolean> {
    const { keys, policies } = this.#config;
    const change = { keys: [keys.of(cartId).cart], fixed: [], policy: policies.change };
    const [, found] = await named(this.#library.touch(this.#calls.make(cartId, change)));
    return toInteger(found) === 1;
  }

  async read(cartId: string): Promise<StoredCart> {
    const { keys, stock: mode } = this.#config;
    const { stock, prices, holds, due } = keys.stock();
    const asked = [keys.of(cartId).cart, prices, ...(mode === 'none' ? [] : [stock, holds, due])];
    return readCart(this.#library, asked);
  }

  async count(cartId: string): Promise<number> {
    const [, units] = await named(this.#library.count({ keys: [this.#config.keys.of(cartId).cart] }));
    return toInteger(units);
  }

  async begin(
    cartId: string,
    checkoutId: string,
    windowMs: number,
    expectedTotal: number | undefined,
    op: Operation,
  ): Promise<Checkout> {
    const { keys, policies, currency } = this.#config;
    const { stock, prices, holds, due } = keys.stock();
    const { cart, checkout } = keys.of(cartId);
    const change = {
      keys: [cart, checkout, stock, prices, holds, due],
      fixed: [checkoutId, windowMs],
      policy: policies.checkout,
      options: expectedTotal === undefined ? [] : ['total', expectedTotal],
    };
    const answer = await this.#change('checkout', cartId, change, op, {});
    return toCheckout(answer, { cartId, currency });
  }

  async commit(
    cartId: string,
    checkoutId: string,
    orderId: string,
    onShortfall: 'report' | 'refuse',
  ): Promise<CommitResult> {
    const { keys, policies } = this.#config;
    const { stock, holds, due } = keys.stock();
    const { cart, checkout, order } = keys.of(cartId);
    const change = {
      keys: [cart, checkout, order(orderId), stock, holds, due],
      fixed: [checkoutId, orderId, onShortfall],
      policy: policies.settle,
    };
    const reply = await named(this.#library.commit(this.#calls.make(cartId, change)));
    const result = toCommitResult(reply, orderId);
    if (result) return result;
    throw new CartError(toDetails(reply, { checkoutId, orderId }));
  }

  async cancel(cartId: string, checkoutId: string): Promise<CancelResult> {
    const { keys, policies } = this.#config;
    const { holds, due } = keys.stock();
    const { cart, checkout } = keys.of(cartId);
    const change = { keys: [cart, checkout, holds, due], fixed: [checkoutId], policy: policies.settle };
    return toCancelResult(await named(this.#library.cancel(this.#calls.make(cartId, change))));
  }

  /** A commit is one step: there is none that was not finished. */
  async recover(): Promise<number> {
    return 0;
  }

  async sweep(): Promise<number> {
    return sweepAll(this.#library, this.#config.keys.stock());
  }

  async #changeLine(
    name: 'add' | 'set',
    cartId: string,
    target: LineTarget,
    quantity: number,
    more: readonly Argument[],
    op: Operation,
  ): Promise<LineChange> {
    const { sku = '', lineId } = target;
    const change = {
      keys: this.#looking(cartId),
      fixed: [sku, quantity],
      policy: this.#config.policies.change,
      options: [...lineOptions(target), ...more],
    };
    const asked = { sku: sku || lineId, line: lineId, requested: quantity };
    return toLineChange(await this.#change(name, cartId, change, op, asked), target.sku).change;
  }

  async #change(name: ChangeName, cartId: string, change: Change, op: Operation, asked: Asked): Promise<Answer> {
    return accept(await this.#send(name, cartId, change, op), { ...this.#asked(op), ...asked });
  }

  async #send(name: ChangeName, cartId: string, change: Change, op: Operation): Promise<Reply> {
    const call: Call = this.#calls.make(cartId, change, op);
    const reply = await named(this.#library[name](call));
    if (!hasBacklog(reply)) return reply;
    await sweepAll(this.#library, this.#config.keys.stock());
    return named(this.#library[name](call));
  }

  #asked({ ifVersion, opId }: Operation): Asked {
    return { ifVersion, opId, currency: this.#config.currency };
  }

  /** The keys of what may make a cart grow. */
  #looking(cartId: string): string[] {
    const { keys } = this.#config;
    const { stock, prices, holds, due } = keys.stock();
    return [keys.of(cartId).cart, stock, prices, holds, due];
  }

  /** The keys of what makes it shrink: it holds something only if adding does. */
  #lettingGo(cartId: string): string[] {
    const { keys, stock } = this.#config;
    const { holds, due } = keys.stock();
    return [keys.of(cartId).cart, ...(stock === 'reserve-on-add' ? [holds, due] : [])];
  }
}

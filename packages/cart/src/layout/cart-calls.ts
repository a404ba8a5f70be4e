import type { Argument } from '@redis-functions/core';
import type { CancelResult, Checkout, CommitResult, LineChange, LineOutcome, MergeResult, Mutation } from '../cart.js';
import type { CartLimit } from '../cart-error.js';
import { toMetadata } from '../cart-reply.js';
import type { Call, Reply } from '../library.js';
import type { Operation } from '../operation.js';
import type { CartConfiguration } from '../options.js';
import {
  type Answer,
  inGroups,
  toDateOrNull,
  toDetails,
  toInteger,
  toText,
  toTextOrNull,
  toUnits,
  unexpected,
} from '../replies.js';
import type { LineTarget, NewUnits } from './layout.js';

/** What every change of a cart is sent with. */
export interface Change {
  readonly keys: readonly string[];
  readonly fixed: readonly Argument[];
  readonly policy: string;
  /** Pairs of name and value. */
  readonly options?: readonly Argument[];
  /** After the options, whose number is then told before them. */
  readonly items?: readonly Argument[];
}

/** Makes calls that change a cart: the keys and options that all of them share come after their own. */
export class CartCalls {
  readonly #config: CartConfiguration;

  constructor(config: CartConfiguration) {
    this.#config = config;
  }

  make(cartId: string, change: Change, op?: Operation): Call {
    const { keys, abandoned, layout } = this.#config;
    const isNamed = op?.opId !== undefined;
    const options = [
      ...(change.options ?? []),
      ...(op?.ifVersion === undefined ? [] : ['version', op.ifVersion]),
      ...(isNamed ? ['op', op.fingerprint] : []),
    ];
    return {
      keys: [
        ...change.keys,
        ...(abandoned && layout === 'shop-slot' ? [keys.idle] : []),
        ...(isNamed ? [keys.of(cartId).operation(op.opId as string)] : []),
      ],
      args: [
        ...change.fixed,
        change.policy,
        ...(change.items ? [options.length / 2, ...options, ...change.items] : options),
      ],
    };
  }
}

/** How a line is named to the library. */
export function lineOptions({ lineId, sku, metadata, mustExist }: LineTarget): Argument[] {
  return [
    ...(lineId === sku ? [] : ['line', lineId]),
    ...(metadata === undefined ? [] : ['meta', metadata]),
    ...(mustExist ? ['exists', 1] : []),
  ];
}

export function itemArguments({ lineId, sku, quantity, metadata, expectedUnitPrice }: NewUnits): Argument[] {
  return [lineId, sku, quantity, metadata ?? '', expectedUnitPrice ?? ''];
}

export function toLineChange({ values, replayed }: Answer, sku: string | undefined) {
  const [quantity, version, before, until, lineId] = values;
  const [now, was] = [toInteger(quantity), toInteger(before)];
  const change: LineChange = {
    lineId: toText(lineId),
    // a line that is named by its id alone: the SKU follows the hash
    sku: sku ?? skuOf(toText(lineId)),
    quantity: now,
    version: toInteger(version),
    changed: now !== was,
    replayed,
    heldUntil: toDateOrNull(until),
  };
  return { change, removed: Math.max(0, was - now) };
}

/** The other way round than `lineIdOf`. */
export function skuOf(lineId: string): string {
  return /^~[A-Za-z0-9_-]{22}\.(.+)$/s.exec(lineId)?.[1] ?? lineId;
}

export function toOutcomes({ values, replayed }: Answer, items: readonly NewUnits[]) {
  const [version, changed, ...fields] = values;
  const outcomes = inGroups(fields, 6).map(([code, ...rest], index): LineOutcome => {
    const { sku, quantity } = items[index] as NewUnits;
    if (code === 'OK') return { index, sku, ok: true, lineId: toText(rest[4]), quantity: toInteger(rest[0]) };
    return { index, sku, ok: false, error: toDetails([code, ...rest], { sku, requested: quantity }) };
  });
  return { version: toInteger(version), changed: toInteger(changed) === 1, replayed, outcomes };
}

export function toCleared({ values, replayed }: Answer): Mutation & { readonly lines: number } {
  const lines = toInteger(values[0]);
  return { lines, version: toInteger(values[1]), changed: lines > 0, replayed };
}

export function toMergeResult({ values, replayed }: Answer): MergeResult {
  const [lines, version, ...fields] = values;
  const adjustments = inGroups(fields, 5).map(([lineId, sku, wanted, quantity, reason]) => ({
    lineId: toText(lineId),
    sku: toText(sku),
    wanted: toInteger(wanted),
    quantity: toInteger(quantity),
    reason: toText(reason) as 'stock' | CartLimit,
  }));
  return { lines: toInteger(lines), version: toInteger(version), replayed, adjustments };
}

export function toCheckout({ values, replayed }: Answer, about: { cartId: string; currency: string }): Checkout {
  const [until, total, version, checkoutId, ...fields] = values;
  return {
    ...about,
    checkoutId: toText(checkoutId),
    version: toInteger(version),
    total: toInteger(total),
    lines: inGroups(fields, 5).map(([lineId, sku, quantity, price, metadata]) => ({
      lineId: toText(lineId),
      sku: toText(sku),
      quantity: toInteger(quantity),
      unitPrice: toInteger(price),
      metadata: toMetadata(toText(metadata)),
    })),
    expiresAt: new Date(toInteger(until)),
    replayed,
  };
}

/** Undefined for a refusal. */
export function toCommitResult([code, ...values]: Reply, orderId: string): CommitResult | undefined {
  if (code !== 'OK' && code !== 'ALREADY') return undefined;
  const status = code === 'OK' ? 'committed' : 'already-committed';
  return { status, orderId, shortfall: toUnits(values.slice(1)) };
}

export function toCancelResult([code, done, orderId]: Reply): CancelResult {
  if (code !== 'OK') throw unexpected(code);
  return { released: toInteger(done) === 1, orderId: toTextOrNull(orderId) };
}

import type { Cart, CartLine, LineProblem, LineStock } from './cart.js';
import type { Reply } from './library.js';
import type { LineMetadata } from './metadata.js';
import { inGroups, toDateOrNull, toInteger, toIntegerOrNull, toText } from './replies.js';

/** A line as the library reads it, before it is said what it means. */
export interface StoredLine {
  readonly lineId: string;
  readonly sku: string;
  readonly quantity: number;
  readonly unitPrice: number | null;
  readonly subtotal: number | null;
  readonly unitPriceAtAdd: number | null;
  readonly addedAtUs: number;
  readonly metadata: string;
  /** Units, `untracked`, `unknown`, or null where the stock was not asked. */
  readonly available: number | 'untracked' | 'unknown' | null;
  readonly held: number;
  readonly heldUntil: Date | null;
}

export interface StoredCart {
  readonly version: number;
  readonly total: number | null;
  readonly units: number;
  readonly currency: string | null;
  readonly checkoutId: string;
  readonly checkoutUntil: number;
  readonly lifeMs: number;
  readonly readAt: number;
  readonly lines: readonly StoredLine[];
}

/** Of `cart_get`. */
export function toStoredCart([, ...values]: Reply): StoredCart {
  const [version, total, units, currency, checkoutId, checkoutUntil, lifeMs, readAt, ...lines] = values;
  return {
    version: toInteger(version),
    total: toIntegerOrNull(total),
    units: toInteger(units),
    currency: toText(currency) || null,
    checkoutId: toText(checkoutId),
    checkoutUntil: toIntegerOrNull(checkoutUntil) ?? 0,
    lifeMs: toInteger(lifeMs),
    readAt: toInteger(readAt),
    lines: inGroups(lines, 12).map(toStoredLine),
  };
}

function toStoredLine(values: readonly unknown[]): StoredLine {
  const [lineId, sku, quantity, unitPrice, subtotal, atAdd, added, metadata, available, held, until] = values;
  return {
    lineId: toText(lineId),
    sku: toText(sku),
    quantity: toInteger(quantity),
    unitPrice: toIntegerOrNull(unitPrice),
    subtotal: toIntegerOrNull(subtotal),
    unitPriceAtAdd: toIntegerOrNull(atAdd),
    addedAtUs: toInteger(added),
    metadata: toText(metadata),
    available: toAvailable(available),
    held: toInteger(held),
    heldUntil: toDateOrNull(until),
  };
}

export function toAvailable(value: unknown): StoredLine['available'] {
  return value === 'untracked' || value === 'unknown' ? value : toIntegerOrNull(value);
}

export function toMetadata(text: string): LineMetadata | null {
  return text === '' ? null : JSON.parse(text);
}

/** @param holds Whether what is in a cart should be held. */
export function toCart(id: string, currency: string, stored: StoredCart, looks: boolean, holds: boolean): Cart {
  const wanted = looks ? unitsBySku(stored.lines) : undefined;
  const hasSnapshots = stored.currency === null || stored.currency === currency;
  const lines: CartLine[] = [];
  const problems: LineProblem[] = [];
  for (const line of stored.lines) {
    const units = wanted?.get(line.sku) ?? 0;
    const shown = toLine(line, units, hasSnapshots, looks);
    lines.push(shown);
    addProblems(problems, shown, units, holds);
  }
  const isInCheckout = stored.checkoutUntil > stored.readAt;
  return {
    id,
    version: stored.version,
    etag: `"${stored.version}"`,
    currency,
    status: isInCheckout ? 'checkout' : lines.length === 0 ? 'empty' : 'open',
    checkout: isInCheckout ? { checkoutId: stored.checkoutId, expiresAt: new Date(stored.checkoutUntil) } : null,
    lines,
    itemCount: stored.units,
    total: stored.total,
    problems,
    updatedAt: stored.version === 0 ? null : new Date(stored.version / 1_000),
    expiresAt: stored.lifeMs < 0 ? null : new Date(stored.readAt + stored.lifeMs),
  };
}

function toLine(stored: StoredLine, wanted: number, hasSnapshots: boolean, looks: boolean): CartLine {
  const { lineId, sku, quantity, unitPrice, subtotal, held, heldUntil } = stored;
  const unitPriceAtAdd = hasSnapshots ? stored.unitPriceAtAdd : null;
  return {
    lineId,
    sku,
    quantity,
    metadata: toMetadata(stored.metadata),
    addedAt: new Date(stored.addedAtUs / 1_000),
    unitPrice,
    unitPriceAtAdd,
    priceChanged: unitPrice !== null && unitPriceAtAdd !== null && unitPrice !== unitPriceAtAdd,
    subtotal,
    stock: looks && stored.available !== null ? toStock(stored.available, wanted) : null,
    hold: held > 0 && heldUntil ? { quantity: held, expiresAt: heldUntil } : null,
  };
}

function toStock(available: number | 'untracked' | 'unknown', wanted: number): LineStock {
  if (typeof available === 'string') return { state: available, available: null };
  if (available === 0) return { state: 'out', available };
  return { state: available < wanted ? 'short' : 'ok', available };
}

/** Over all lines: two variants of a product are units of the same stock. */
function unitsBySku(lines: readonly StoredLine[]): Map<string, number> {
  const units = new Map<string, number>();
  for (const { sku, quantity } of lines) units.set(sku, (units.get(sku) ?? 0) + quantity);
  return units;
}

function addProblems(problems: LineProblem[], line: CartLine, wanted: number, holds: boolean): void {
  const { lineId, unitPrice, unitPriceAtAdd, priceChanged, stock, hold } = line;
  if (unitPrice === null) problems.push({ code: 'PRICE_MISSING', lineId });
  else if (priceChanged && unitPriceAtAdd !== null) {
    problems.push({ code: 'PRICE_CHANGED', lineId, from: unitPriceAtAdd, to: unitPrice });
  }
  if (stock?.state === 'unknown') problems.push({ code: 'UNKNOWN_SKU', lineId });
  if (stock?.state === 'short' || stock?.state === 'out') {
    problems.push({ code: 'STOCK_SHORT', lineId, requested: wanted, available: stock.available ?? 0 });
  }
  const isCounted = stock !== null && stock.available !== null;
  if (holds && isCounted && (hold?.quantity ?? 0) < wanted) problems.push({ code: 'HOLD_EXPIRED', lineId });
}

import { checkId, checkLineId, checkObject, checkOptional, checkPrice, checkQuantity } from './input.js';
import type { LineTarget, NewUnits } from './layout/layout.js';
import { canonicalMetadata, type LineMetadata, lineIdOf } from './metadata.js';

/** Units to add. */
export interface LineInput {
  readonly sku: string;
  readonly quantity: number;
  /** What tells it from other lines of the product: a JSON object. The order of its keys does not count. */
  readonly metadata?: LineMetadata | undefined;
  /** The price that was shown, in minor units: another one is refused (`PRICE_CHANGED`). */
  readonly expectedUnitPrice?: number | undefined;
}

/** A line: by its id, or by what it was made of. */
export type LineRef =
  | { readonly lineId: string }
  | { readonly sku: string; readonly metadata?: LineMetadata | undefined };

export function toNewUnits(line: unknown, mostBytes: number): NewUnits {
  const given = checkObject('line', line);
  const sku = checkId('sku', given['sku']);
  const metadata = canonicalMetadata(given['metadata'], mostBytes);
  return {
    lineId: lineIdOf(sku, metadata),
    sku,
    quantity: checkQuantity('quantity', given['quantity'], 1),
    metadata,
    expectedUnitPrice: checkOptional(given['expectedUnitPrice'], (value) => checkPrice('expectedUnitPrice', value)),
  };
}

export function toTarget(line: unknown, mostBytes: number): LineTarget {
  const given = checkObject('line', line);
  if (given['lineId'] !== undefined) {
    return { lineId: checkLineId(given['lineId']), sku: undefined, metadata: undefined, mustExist: true };
  }
  const sku = checkId('sku', given['sku']);
  const metadata = canonicalMetadata(given['metadata'], mostBytes);
  return { lineId: lineIdOf(sku, metadata), sku, metadata, mustExist: false };
}

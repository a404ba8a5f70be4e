import { createHash } from 'node:crypto';
import { CartError } from './cart-error.js';
import { invalid } from './input.js';

/** What tells two lines of one product apart (size, engraving): a JSON object. */
export type LineMetadata = Readonly<Record<string, unknown>>;

const LONE_SURROGATE = /\p{Surrogate}/u;
const EXPECTED = 'a plain object of JSON values';

/**
 * One text for equal metadata, whatever the order of its keys; undefined for none (an empty object is none).
 *
 * @throws CartError `INVALID_ARGUMENT` for what JSON would drop or change in silence, `LIMIT_EXCEEDED`.
 */
export function canonicalMetadata(metadata: unknown, mostBytes: number): string | undefined {
  if (metadata === undefined) return undefined;
  if (!isPlain(metadata)) throw invalid('INVALID_ARGUMENT', 'metadata', metadata, EXPECTED);
  const text = canonical(metadata, 0);
  if (text === '{}') return undefined;
  const requested = Buffer.byteLength(text);
  if (requested <= mostBytes) return text;
  throw new CartError({ code: 'LIMIT_EXCEEDED', limit: 'metadataBytes', max: mostBytes, requested });
}

/**
 * The id of a line: the SKU, or for a line with metadata `~HASH.SKU`. A SKU that begins with `~` itself gets one of that
 * form too, so no two lines share an id.
 */
export function lineIdOf(sku: string, metadata: string | undefined): string {
  if (metadata === undefined && !sku.startsWith('~')) return sku;
  const hash = createHash('sha256')
    .update(metadata ?? '')
    .digest('base64url');
  return `~${hash.slice(0, 22)}.${sku}`;
}

function canonical(value: unknown, depth: number): string {
  if (depth > 10) throw invalid('INVALID_ARGUMENT', 'metadata', value, `${EXPECTED}, at most 10 deep`);
  if (typeof value === 'string' && !LONE_SURROGATE.test(value)) return JSON.stringify(value);
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'number' && Number.isFinite(value)) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${Array.from(value, (item) => canonical(item, depth + 1)).join()}]`;
  if (!isPlain(value)) throw invalid('INVALID_ARGUMENT', 'metadata', value, EXPECTED);
  const fields = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1));
  return `{${fields.map(([key, item]) => `${canonical(key, depth)}:${canonical(item, depth + 1)}`).join()}}`;
}

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

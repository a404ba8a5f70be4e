import type { IncomingHttpHeaders } from 'node:http';
import { CartError } from '../cart-error.js';
import type { OperationOptions } from '../operation.js';

const ENTITY_TAG = /^"(\d{1,16})"$/;
const LONGEST_KEY = 128;
/** As a Structured Field string (RFC 8941, 3.3.3), or, as many send it, without quotes. */
const KEY = /^(?:"([\x21\x23-\x5b\x5d-\x7e]+)"|([\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]+))$/;

/** The entity tag of a cart (RFC 9110, 8.8.3). */
export function etagOf({ version }: { readonly version: number }): string {
  return `"${version}"`;
}

/**
 * `If-Match` as `ifVersion`, `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header) as `opId`; each is absent
 * where the request does not have it.
 *
 * @throws CartError `INVALID_ARGUMENT` (status 400) for a field that says nothing of a cart: what was meant to hold back
 *   a change must not be passed over.
 */
export function conditionsOf(headers: IncomingHttpHeaders): OperationOptions {
  const ifVersion = versionOf(headers['if-match']);
  const opId = keyOf(headers['idempotency-key']);
  return { ...(ifVersion !== undefined && { ifVersion }), ...(opId !== undefined && { opId }) };
}

function versionOf(field: string | undefined): number | undefined {
  // any cart will do
  if (field === undefined || field.trim() === '*') return undefined;
  const version = ENTITY_TAG.exec(field.trim())?.[1];
  if (version !== undefined && Number.isSafeInteger(Number(version))) return Number(version);
  throw refused('If-Match', field, 'the ETag of the cart, such as "7"');
}

function keyOf(field: string | string[] | undefined): string | undefined {
  if (field === undefined) return undefined;
  const [, quoted, bare] = (typeof field === 'string' && KEY.exec(field.trim())) || [];
  const key = quoted ?? bare;
  if (key !== undefined && key.length <= LONGEST_KEY) return key;
  throw refused('Idempotency-Key', String(field), `one key of 1 to ${LONGEST_KEY} visible characters, such as a UUID`);
}

function refused(field: string, value: string, expected: string): CartError {
  return new CartError({ code: 'INVALID_ARGUMENT', field, value: JSON.stringify(value.slice(0, 80)), expected });
}

import { InvalidArgumentError } from '@redis-functions/core';
import { SessionError } from './errors.js';
import { assertJson, invalid } from './json.js';
import type { DeviceInfo, SessionData } from './session.js';

/** Field of the hash → value. */
export type Fields = [field: string, value: string][];

const DATA = 'd:';
const DEVICE = { ip: 'm:ip', userAgent: 'm:ua' } as const satisfies Record<keyof DeviceInfo, string>;
/** Longer than any honest one; both are for people to read. */
const LONGEST = { ip: 64, userAgent: 512, key: 256 } as const;

/**
 * One field per key of the data, so that two requests that change different keys both keep their change.
 *
 * @throws SessionError `INVALID_SESSION_DATA` for what JSON would drop or change in silence, `SESSION_TOO_LARGE`.
 */
export function toFields(data: SessionData, maxBytes: number): Fields {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) {
    const got = data === null ? 'null' : Array.isArray(data) ? 'an array' : typeof data;
    throw invalid(`The data of a session is ${got}. Give a plain object.`);
  }
  const fields: Fields = Object.entries(data).map(([key, value]) => [toField(key), toJson(key, value)]);
  const bytes = fields.reduce((sum, [field, value]) => sum + Buffer.byteLength(field) + Buffer.byteLength(value), 0);
  if (bytes > maxBytes) throw tooLarge(bytes, maxBytes);
  return fields;
}

/** @throws SessionError `INVALID_SESSION_DATA` for a key that Redis would not keep as it is. */
export function toField(key: string): string {
  if (typeof key !== 'string' || key.length === 0 || key.length > LONGEST.key) {
    throw invalid(`A key of the data is empty or too long. Use 1 to ${LONGEST.key} characters.`);
  }
  // without a UTF-8 form: two different ones would become one field
  if (/\p{Surrogate}/u.test(key)) {
    throw invalid('A key of the data has half a surrogate pair. Use whole characters.');
  }
  return `${DATA}${key}`;
}

/** @throws InvalidArgumentError that names what is not a text. */
export function deviceFields(device: DeviceInfo): Fields {
  return (Object.keys(DEVICE) as (keyof DeviceInfo)[]).flatMap((name): Fields => {
    const value = device[name];
    if (value === undefined) return [];
    if (typeof value === 'string') return [[DEVICE[name], value.slice(0, LONGEST[name])]];
    throw new InvalidArgumentError(`device.${name}`, `device.${name} is not a text. Give one, or leave it out.`);
  });
}

/** @throws SessionError `CORRUPT_DATA`. */
export function fromFields(fields: ReadonlyMap<string, string>): { data: SessionData; device: DeviceInfo } {
  const data: [string, unknown][] = [];
  for (const [field, value] of fields) {
    if (field.startsWith(DATA)) data.push([field.slice(DATA.length), fromJson(field, value)]);
  }
  const [ip, userAgent] = [fields.get(DEVICE.ip), fields.get(DEVICE.userAgent)];
  // fromEntries makes own properties: a key called __proto__ is a key like any other
  return {
    data: Object.fromEntries(data),
    device: { ...(ip !== undefined && { ip }), ...(userAgent !== undefined && { userAgent }) },
  };
}

export function tooLarge(bytes: number, maxBytes: number): SessionError {
  return new SessionError(
    'SESSION_TOO_LARGE',
    `The session would have ${bytes} bytes of data. Keep it within ${maxBytes}, or raise maxDataBytes.`,
  );
}

/** @throws SessionError `INVALID_SESSION_DATA`. */
export function toJson(key: string, value: unknown): string {
  assertJson(key, value);
  return JSON.stringify(value);
}

function fromJson(field: string, json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (cause) {
    throw new SessionError(
      'CORRUPT_DATA',
      `The field ${JSON.stringify(field)} of a session is not JSON. Find out what else writes to its key.`,
      { cause },
    );
  }
}

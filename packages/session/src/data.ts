import { SessionError } from './errors.js';
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
 * @throws SessionError `INVALID_SESSION_DATA` for what JSON would drop or change in silence, and for what is too large.
 */
export function toFields(data: SessionData, maxBytes: number): Fields {
  const fields: Fields = Object.entries(data).map(([key, value]) => [toField(key), toJson(key, value)]);
  const bytes = fields.reduce((sum, [field, value]) => sum + Buffer.byteLength(field) + Buffer.byteLength(value), 0);
  if (bytes > maxBytes) {
    throw invalid(`The data has ${bytes} bytes of JSON. Keep it under ${maxBytes}, or raise maxDataBytes.`);
  }
  return fields;
}

export function toField(key: string): string {
  if (key.length > 0 && key.length <= LONGEST.key) return `${DATA}${key}`;
  throw invalid(`A key of ${key.length} characters is not possible. Use 1 to ${LONGEST.key}.`);
}

export function deviceFields(device: DeviceInfo): Fields {
  return (Object.keys(DEVICE) as (keyof DeviceInfo)[]).flatMap((name): Fields => {
    const value = device[name];
    return value === undefined ? [] : [[DEVICE[name], value.slice(0, LONGEST[name])]];
  });
}

export function fromFields(fields: ReadonlyMap<string, string>): { data: SessionData; device: DeviceInfo } {
  const data: [string, unknown][] = [];
  for (const [field, value] of fields) {
    if (field.startsWith(DATA)) data.push([field.slice(DATA.length), JSON.parse(value)]);
  }
  const [ip, userAgent] = [fields.get(DEVICE.ip), fields.get(DEVICE.userAgent)];
  // fromEntries makes own properties: a key called __proto__ is a key like any other
  return {
    data: Object.fromEntries(data),
    device: { ...(ip !== undefined && { ip }), ...(userAgent !== undefined && { userAgent }) },
  };
}

function toJson(path: string, value: unknown): string {
  assertJson(path, value, []);
  return JSON.stringify(value);
}

function assertJson(path: string, value: unknown, parents: readonly object[]): void {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return;
  if (typeof value === 'number') {
    if (Number.isFinite(value)) return;
    throw invalid(`${path} is ${value}, which JSON does not know. Give a finite number or null.`);
  }
  if (typeof value !== 'object') {
    throw invalid(`${path} is ${article(typeof value)}, which JSON does not know. Leave it out, or store it as text.`);
  }
  if (parents.includes(value)) throw invalid(`${path} contains itself. Store what it refers to by an id.`);
  const below = [...parents, value];
  if (Array.isArray(value)) {
    value.forEach((item, index) => {
      assertJson(`${path}[${index}]`, item, below);
    });
    return;
  }
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
    const kind = value.constructor?.name ?? 'object';
    throw invalid(
      `${path} is a ${kind}, which would come back as something else. Store a plain object or a text of it.`,
    );
  }
  for (const [key, item] of Object.entries(value)) assertJson(`${path}.${key}`, item, below);
}

function article(type: string): string {
  return type === 'undefined' ? type : `a ${type}`;
}

function invalid(message: string): SessionError {
  return new SessionError('INVALID_SESSION_DATA', message);
}

import { SessionError } from './errors.js';

/** Deeper than any honest data, and far from where a recursion ends. */
const DEEPEST = 100;

/**
 * Refuses what `JSON.stringify` would drop, change in silence or fail at, and says where it is.
 *
 * @throws SessionError `INVALID_SESSION_DATA`.
 */
export function assertJson(path: string, value: unknown, parents: readonly object[] = []): void {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return;
  if (typeof value === 'number') {
    if (Number.isFinite(value)) return;
    throw invalid(`${path} is ${value}, which JSON does not know. Give a finite number or null.`);
  }
  if (value === undefined) {
    throw invalid(`${path} is undefined, which JSON does not know. Leave it out; to remove a key, say so.`);
  }
  if (typeof value !== 'object') {
    throw invalid(`${path} is a ${typeof value}, which JSON does not know. Leave it out, or store it as text.`);
  }
  if (parents.includes(value)) throw invalid(`${path} contains itself. Store what it refers to by an id.`);
  if (parents.length === DEEPEST) throw invalid(`The data is nested deeper than ${DEEPEST} levels. Make it flatter.`);
  const below = [...parents, value];
  if (Array.isArray(value)) {
    // by index: forEach would pass over holes, which JSON fills with null
    for (let i = 0; i < value.length; i++) assertJson(`${path}[${i}]`, value[i], below);
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

export function invalid(message: string): SessionError {
  return new SessionError('INVALID_SESSION_DATA', message);
}

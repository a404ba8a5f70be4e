import { UnexpectedReplyError } from './errors.js';

/** A whole number, sent as an integer or (above what an integer reply keeps) as decimal text. */
export function toInteger(reply: unknown): number {
  const value = typeof reply === 'string' && /^-?\d+$/.test(reply) ? Number(reply) : reply;
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  throw unexpected('a whole number', reply);
}

export function toText(reply: unknown): string {
  if (typeof reply === 'string') return reply;
  if (Buffer.isBuffer(reply)) return reply.toString();
  throw unexpected('text', reply);
}

/** Nil becomes null. */
export function toTextOrNull(reply: unknown): string | null {
  return reply === null ? null : toText(reply);
}

export function toArray(reply: unknown): readonly unknown[] {
  if (Array.isArray(reply)) return reply;
  throw unexpected('an array', reply);
}

/** What Lua makes of true and false: 1, and nil. */
export function toBoolean(reply: unknown): boolean {
  if (reply === 1 || reply === true) return true;
  if (reply === null || reply === undefined || reply === 0 || reply === false) return false;
  throw unexpected('1, or nothing', reply);
}

export function toOneOf<const Choice extends string>(reply: unknown, choices: readonly Choice[]): Choice {
  const text = toText(reply);
  if (choices.includes(text as Choice)) return text as Choice;
  throw unexpected(`one of ${choices.join(', ')}`, reply);
}

/** Nil becomes null, and so does what a shorter list does not have. */
export function toNullable<T>(reply: unknown, decode: (reply: unknown) => T): T | null {
  return reply === null || reply === undefined ? null : decode(reply);
}

function unexpected(wanted: string, reply: unknown): UnexpectedReplyError {
  const got = JSON.stringify(reply)?.slice(0, 80) ?? String(reply);
  return new UnexpectedReplyError(
    `Expected ${wanted} from the server and got ${got}. Check that the library on the server is the one you deploy.`,
  );
}

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

function unexpected(wanted: string, reply: unknown): UnexpectedReplyError {
  const got = JSON.stringify(reply)?.slice(0, 80) ?? String(reply);
  return new UnexpectedReplyError(
    `Expected ${wanted} from the server and got ${got}. Check that the library on the server is the one you deploy.`,
  );
}

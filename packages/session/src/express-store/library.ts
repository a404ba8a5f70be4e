import { defineFunction, defineLibrary, toArray, toText, UnexpectedReplyError } from '@redis-functions/core';
import { code, registered } from '../generated/express-session.lua.js';

/** Field of the hash → text. */
export type StoredFields = ReadonlyMap<string, string>;

export type StoredSessionReply =
  | { readonly code: 'HASH'; readonly birth: string; readonly fields: StoredFields }
  /** What connect-redis has written, and nobody has changed since. */
  | { readonly code: 'TEXT'; readonly text: string }
  | { readonly code: 'GONE' };

export interface StorePatch {
  readonly birth: string;
  /** SHA-1 of the text of connect-redis that this is about; '' for none. */
  readonly digest: string;
  /** 0: for ever. */
  readonly ttlMs: number;
  readonly set: StoredFields;
  readonly remove: readonly string[];
  /** All other fields, for a session that is a text as yet. */
  readonly rest: StoredFields;
}

export type StorePatchReply =
  | { readonly code: 'OK' }
  | { readonly code: 'GONE' }
  /** Another text than the birth mark is of. */
  | { readonly code: 'TEXT'; readonly text: string };

/** The library `expresssession`, for the store of express-session. Contract: lua/express-session.lua. */
export const expressSessionLibrary = defineLibrary({
  code,
  registered,
  functions: {
    get: defineFunction('expresssession_get', {
      encode: (key: string) => ({ keys: [key] }),
      decode: (reply): StoredSessionReply => {
        const [code, second, ...rest] = toArray(reply);
        if (code === 'GONE') return { code };
        if (code === 'TEXT') return { code, text: toText(second) };
        if (code !== 'HASH') throw unexpected(code);
        const fields = new Map<string, string>();
        for (let i = 0; i + 1 < rest.length; i += 2) fields.set(toText(rest[i]), toText(rest[i + 1]));
        return { code, birth: toText(second), fields };
      },
    }),
    put: defineFunction('expresssession_put', {
      encode: (key: string, birth: string, ttlMs: number, fields: StoredFields) => ({
        keys: [key],
        args: [birth, ttlMs, ...[...fields].flat()],
      }),
      /** The birth that it has. */
      decode: (reply): string => {
        expectOk(reply);
        return toText(toArray(reply)[1]);
      },
    }),
    patch: defineFunction('expresssession_patch', {
      encode: (key: string, { birth, digest, ttlMs, set, remove, rest }: StorePatch) => ({
        keys: [key],
        args: [birth, digest, ttlMs, set.size, ...[...set].flat(), remove.length, ...remove, ...[...rest].flat()],
      }),
      decode: (reply): StorePatchReply => {
        const [code, text] = toArray(reply);
        if (code === 'TEXT') return { code, text: toText(text) };
        if (code === 'OK' || code === 'GONE') return { code };
        throw unexpected(code);
      },
    }),
    touch: defineFunction('expresssession_touch', {
      encode: (key: string, birth: string, ttlMs: number, cookie: string) => ({
        keys: [key],
        args: [birth, ttlMs, cookie],
      }),
      /** False where there is none. */
      decode: (reply): boolean => toArray(reply)[0] === 'OK',
    }),
    destroy: defineFunction('expresssession_destroy', { encode: (key: string) => ({ keys: [key] }), decode: expectOk }),
    scan: defineFunction('expresssession_scan', {
      /** @param place Any key of the server that is meant. */
      encode: (place: string, cursor: string, pattern: string, count: number) => ({
        keys: [place],
        args: [cursor, pattern, count],
      }),
      decode: (reply): { readonly cursor: string; readonly keys: readonly string[] } => {
        expectOk(reply);
        const [, cursor, ...keys] = toArray(reply);
        return { cursor: toText(cursor), keys: keys.map(toText) };
      },
    }),
  },
});

function expectOk(reply: unknown): void {
  const [code] = toArray(reply);
  if (code !== 'OK') throw unexpected(code);
}

function unexpected(code: unknown): UnexpectedReplyError {
  return new UnexpectedReplyError(
    `The library expresssession answered ${JSON.stringify(code)}. Check that the library on the server is the one you deploy.`,
  );
}

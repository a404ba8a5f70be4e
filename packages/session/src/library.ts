import { defineFunction, defineLibrary, toArray, toInteger, toText, UnexpectedReplyError } from '@redis-functions/core';
import type { Fields } from './data.js';
import { code, registered } from './generated/sessions.lua.js';

/** The keys of one session: its hash and the index of its user. */
export type Keys = readonly [session: string, index: string];

export interface StoredSession {
  readonly handle: string;
  readonly userId: string;
  readonly createdAt: number;
  readonly lastSeenAt: number;
  readonly expiresAt: number;
  readonly version: number;
  /** The server's time of reading. */
  readonly readAt: number;
  /** Of the secret that is in force: another one than was given, where that was replaced and is in its grace. */
  readonly secretHash: string;
  readonly fields: ReadonlyMap<string, string>;
}

/** The session lives, and its last secret was given after its grace. */
export interface Reused {
  readonly code: 'REUSED';
  readonly handle: string;
  readonly userId: string;
}

export type ReadReply = ({ readonly code: 'OK' } & StoredSession) | Reused | { readonly code: 'GONE' };

export interface StoredDevice {
  readonly handle: string;
  readonly createdAt: number;
  readonly lastSeenAt: number;
  readonly expiresAt: number;
  readonly fields: ReadonlyMap<string, string>;
}

export interface NewSession {
  readonly handle: string;
  readonly secretHash: string;
  readonly userId: string;
  readonly idleMs: number;
  readonly absoluteMs: number;
  readonly limit: number;
  readonly atLimit: 'reject' | 'evict-oldest' | 'evict-idle';
  readonly fields: Fields;
}

export type CreateReply =
  | { readonly code: 'OK'; readonly createdAt: number; readonly expiresAt: number; readonly evicted: readonly string[] }
  | { readonly code: 'EXISTS' | 'LIMIT' };

export interface Patch {
  readonly set: Fields;
  /** Fields to remove; none of `set`. */
  readonly remove: readonly string[];
  /** Undefined for any. */
  readonly expectedVersion: number | undefined;
  /** Bytes that the data may have with this change; 0 for no limit. */
  readonly mostBytes: number;
}

export type PatchReply =
  | { readonly code: 'OK' | 'CONFLICT'; readonly version: number }
  | { readonly code: 'TOO_LARGE'; readonly bytes: number }
  | { readonly code: 'GONE' };

export type RotateReply =
  | { readonly code: 'OK'; readonly secretHash: string; readonly userId: string }
  | Reused
  | { readonly code: 'GONE' };

export type IncrementReply =
  | { readonly code: 'OK'; readonly value: number }
  | { readonly code: 'TOO_LARGE'; readonly bytes: number }
  | { readonly code: 'GONE' | 'NOT_A_NUMBER' };

export type AppendReply =
  | { readonly code: 'OK' | 'FULL'; readonly items: number }
  | { readonly code: 'TOO_LARGE'; readonly bytes: number }
  | { readonly code: 'GONE' | 'NOT_A_LIST' };

/** What the library takes for no number of bytes: not sent with each call. */
const DATA_BYTES = 65_536;

function toLimit(mostBytes: number): number | '' {
  return mostBytes === DATA_BYTES ? '' : mostBytes;
}

/** The library `sessions`. Contract: lua/sessions.lua. */
export const sessionsLibrary = defineLibrary({
  code,
  registered,
  functions: {
    create: defineFunction('session_create', {
      /** @param replaced Key of a session of the same user that ends in the same moment, and leaves its data. */
      encode: (keys: Keys, session: NewSession, replaced?: string) => ({
        keys: replaced === undefined ? keys : [...keys, replaced],
        args: [
          session.handle,
          session.secretHash,
          session.userId,
          session.idleMs,
          session.absoluteMs,
          session.limit,
          session.atLimit,
          ...session.fields.flat(),
        ],
      }),
      decode: (reply): CreateReply => {
        const [code, createdAt, expiresAt, ...evicted] = toArray(reply);
        if (code === 'EXISTS' || code === 'LIMIT') return { code };
        expectOk(code);
        return {
          code: 'OK',
          createdAt: toInteger(createdAt),
          expiresAt: toInteger(expiresAt),
          evicted: evicted.map(toText),
        };
      },
    }),
    get: defineFunction('session_get', {
      /** @param touchEveryMs Default: the library's. */
      encode: (keys: Keys, secretHash: string, idleMs: number, touchEveryMs?: number) => ({
        keys,
        args: [secretHash, idleMs, ...(touchEveryMs === undefined ? [] : [touchEveryMs])],
      }),
      decode: toReadReply,
    }),
    peek: defineFunction('session_peek', {
      encode: (keys: Keys, secretHash: string) => ({ keys, args: [secretHash] }),
      decode: toReadReply,
      readOnly: true,
    }),
    patch: defineFunction('session_patch', {
      encode: (keys: Keys, secretHash: string, { set, remove, expectedVersion, mostBytes }: Patch) => ({
        keys,
        args: [secretHash, expectedVersion ?? '', toLimit(mostBytes), set.length, ...set.flat(), ...remove],
      }),
      decode: (reply): PatchReply => {
        const [code, number] = toArray(reply);
        if (code === 'GONE') return { code };
        if (code === 'TOO_LARGE') return { code, bytes: toInteger(number) };
        if (code !== 'CONFLICT') expectOk(code);
        return { code: code === 'CONFLICT' ? code : 'OK', version: toInteger(number) };
      },
    }),
    rotate: defineFunction('session_rotate', {
      encode: (keys: Keys, secretHash: string, graceMs: number, newSecretHash: string) => ({
        keys,
        args: [secretHash, graceMs, newSecretHash],
      }),
      decode: (reply): RotateReply => {
        const [code, first, userId] = toArray(reply);
        if (code === 'GONE') return { code };
        if (code === 'REUSED') return { code, handle: toText(first), userId: toText(userId) };
        expectOk(code);
        return { code, secretHash: toText(first), userId: toText(userId) };
      },
    }),
    increment: defineFunction('session_increment', {
      encode: (keys: Keys, secretHash: string, mostBytes: number, field: string, by: number) => ({
        keys,
        args: [secretHash, toLimit(mostBytes), field, by],
      }),
      decode: (reply): IncrementReply => {
        const [code, number] = toArray(reply);
        if (code === 'GONE' || code === 'NOT_A_NUMBER') return { code };
        if (code === 'TOO_LARGE') return { code, bytes: toInteger(number) };
        expectOk(code);
        return { code, value: toInteger(number) };
      },
    }),
    append: defineFunction('session_append', {
      encode: (keys: Keys, secretHash: string, mostBytes: number, field: string, mostItems: number, item: string) => ({
        keys,
        args: [secretHash, toLimit(mostBytes), field, mostItems, item],
      }),
      decode: (reply): AppendReply => {
        const [code, number] = toArray(reply);
        if (code === 'GONE' || code === 'NOT_A_LIST') return { code };
        if (code === 'TOO_LARGE') return { code, bytes: toInteger(number) };
        if (code !== 'FULL') expectOk(code);
        return { code: code === 'FULL' ? code : 'OK', items: toInteger(number) };
      },
    }),
    pop: defineFunction('session_pop', {
      encode: (keys: Keys, secretHash: string, fields: readonly string[]) => ({ keys, args: [secretHash, ...fields] }),
      /** What was there and is not any more; null where the session is over. */
      decode: (reply): ReadonlyMap<string, string> | null => {
        const [code, _version, ...fields] = toArray(reply);
        if (code === 'GONE') return null;
        expectOk(code);
        return toPairs(fields);
      },
    }),
    destroy: defineFunction('session_destroy', {
      encode: (keys: Keys, handle: string, secretHash?: string) => ({
        keys,
        args: [handle, ...(secretHash === undefined ? [] : [secretHash])],
      }),
      /** The user's id, '' for a guest; null where there was nothing to end. */
      decode: (reply): string | null => {
        const [code, ended, userId] = toArray(reply);
        expectOk(code);
        return toInteger(ended) === 1 ? toText(userId) : null;
      },
    }),
    take: defineFunction('session_take', {
      encode: (keys: Keys, secretHash: string) => ({ keys, args: [secretHash] }),
      decode: toReadReply,
    }),
    destroyAll: defineFunction('session_destroy_all', {
      encode: (index: string) => ({ keys: [index] }),
      decode: toTexts,
    }),
    revokeOthers: defineFunction('session_revoke_others', {
      encode: (keys: Keys, secretHash: string) => ({ keys, args: [secretHash] }),
      /** Null where the session itself is over. */
      decode: (reply): { readonly userId: string; readonly handles: readonly string[] } | null => {
        if (toArray(reply)[0] === 'GONE') return null;
        const [userId = '', ...handles] = toTexts(reply);
        return { userId, handles };
      },
    }),
    handles: defineFunction('session_handles', {
      encode: (index: string) => ({ keys: [index] }),
      decode: toTexts,
      readOnly: true,
    }),
    count: defineFunction('session_count', {
      encode: (index: string) => ({ keys: [index] }),
      decode: toCount,
      readOnly: true,
    }),
    expiry: defineFunction('session_expiry', {
      encode: (keys: Keys, handle: string) => ({ keys, args: [handle] }),
      /** `ENDED`: somebody ended it before its time. */
      decode: (reply): number | 'ENDED' | 'GONE' => {
        const [code, expiresAt] = toArray(reply);
        if (code === 'ENDED' || code === 'GONE') return code;
        expectOk(code);
        return toInteger(expiresAt);
      },
      readOnly: true,
    }),
    expect: defineFunction('session_expect', {
      encode: (expected: string, expiresAt: number, entry: string) => ({ keys: [expected], args: [expiresAt, entry] }),
      decode: (reply): void => expectOk(toArray(reply)[0]),
    }),
    due: defineFunction('session_due', {
      encode: (expected: string, most: number, leaseMs: number) => ({ keys: [expected], args: [most, leaseMs] }),
      decode: toTexts,
    }),
    drop: defineFunction('session_drop', {
      encode: (expected: string, entries: readonly string[]) => ({ keys: [expected], args: entries }),
      decode: toCount,
    }),
    expected: defineFunction('session_expected', {
      encode: (expected: string) => ({ keys: [expected] }),
      decode: toCount,
      readOnly: true,
    }),
    list: defineFunction('session_list', {
      encode: (index: string, sessions: readonly string[]) => ({ keys: [index, ...sessions] }),
      decode: toDevices,
      readOnly: true,
    }),
  },
});

function expectOk(code: unknown): asserts code is 'OK' {
  if (code === 'OK') return;
  throw new UnexpectedReplyError(
    `The library sessions answered ${JSON.stringify(code)}. Check that the library on the server is the one you deploy.`,
  );
}

function toCount(reply: unknown): number {
  const [code, count] = toArray(reply);
  expectOk(code);
  return toInteger(count);
}

function toTexts(reply: unknown): readonly string[] {
  const [code, ...handles] = toArray(reply);
  expectOk(code);
  return handles.map(toText);
}

function toReadReply(reply: unknown): ReadReply {
  const [code, handle, userId, createdAt, lastSeenAt, expiresAt, version, readAt, secretHash, ...fields] =
    toArray(reply);
  if (code === 'GONE') return { code };
  if (code === 'REUSED') return { code, handle: toText(handle), userId: toText(userId) };
  expectOk(code);
  return {
    code,
    handle: toText(handle),
    userId: toText(userId),
    createdAt: toInteger(createdAt),
    lastSeenAt: toInteger(lastSeenAt),
    expiresAt: toInteger(expiresAt),
    version: toInteger(version),
    readAt: toInteger(readAt),
    secretHash: toText(secretHash),
    fields: toPairs(fields),
  };
}

function toDevices(reply: unknown): readonly StoredDevice[] {
  const [code, ...items] = toArray(reply);
  expectOk(code);
  const devices: StoredDevice[] = [];
  for (let i = 0; i < items.length; ) {
    const [handle, createdAt, lastSeenAt, expiresAt, pairs] = items.slice(i, i + 5);
    const end = i + 5 + 2 * toInteger(pairs);
    devices.push({
      handle: toText(handle),
      createdAt: toInteger(createdAt),
      lastSeenAt: toInteger(lastSeenAt),
      expiresAt: toInteger(expiresAt),
      fields: toPairs(items.slice(i + 5, end)),
    });
    i = end;
  }
  return devices;
}

function toPairs(items: readonly unknown[]): ReadonlyMap<string, string> {
  const pairs = new Map<string, string>();
  for (let i = 0; i + 1 < items.length; i += 2) pairs.set(toText(items[i]), toText(items[i + 1]));
  return pairs;
}

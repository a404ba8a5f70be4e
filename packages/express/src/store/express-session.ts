import { createRequire } from 'node:module';
import { RedisFunctionsError } from '@redis-functions/core';

/** A session as express-session gives it to stores: the data, and the cookie beside them. */
export interface StoredSession {
  readonly cookie: {
    readonly originalMaxAge?: number | null | undefined;
    readonly expires?: Date | string | null | undefined;
  };
}

/** What a store of express-session has from its base class. */
export interface BaseStore {
  regenerate(request: unknown, callback: (error?: unknown) => unknown): void;
  load(sid: string, callback: (error: unknown, session?: never) => unknown): void;
  createSession(request: unknown, data: StoredSession): object;
}

/**
 * The base class of stores. Loaded when the first store is made, so that this package can be imported by those who do not
 * have express-session.
 *
 * @throws RedisFunctionsError `EXPRESS_SESSION_MISSING`.
 */
export function loadBaseStore(): BaseStore {
  try {
    const module = createRequire(import.meta.url)('express-session') as { Store: { prototype: BaseStore } };
    return module.Store.prototype;
  } catch (cause) {
    throw new RedisFunctionsError(
      'EXPRESS_SESSION_MISSING',
      'SessionStore is for express-session, which is not installed. Install it: npm install express-session',
      { cause },
    );
  }
}

/** One of a request, which has methods; what somebody else gives is data alone. */
export function isOfRequest(session: object): boolean {
  return typeof (session as { regenerate?: unknown }).regenerate === 'function';
}

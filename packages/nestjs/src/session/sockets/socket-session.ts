import type { Duration } from '@redis-functions/core';
import type { AppendOptions, Session, SessionData, SessionService } from '@redis-functions/session';

/**
 * The session of a socket: that of the cookie with which it was opened. Changes are made at once; a socket cannot be given
 * a cookie, so it cannot log in.
 */
export class SocketSession {
  readonly #service: SessionService;
  readonly #toError: (error: unknown) => unknown;
  #token: string | undefined;
  #touches = true;

  /**
   * @param token Undefined: without a session.
   * @param toError Gives an error the form that reaches the client by its protocol; may be a promise of it.
   */
  constructor(service: SessionService, token: string | undefined, toError: (error: unknown) => unknown) {
    this.#service = service;
    this.#toError = toError;
    this.#token = token;
  }

  /** The session as it is now; null for none. */
  async load(): Promise<Session | null> {
    return this.#of((token) => this.#service.get(token, { touch: this.#touches }));
  }

  /** As `load`, and the session does not live longer for it. */
  async peek(): Promise<Session | null> {
    return this.#of((token) => this.#service.get(token, { touch: false }));
  }

  async isFresh(freshFor: Duration): Promise<boolean> {
    const session = await this.load();
    return session !== null && this.#service.isFresh(session, freshFor);
  }

  /** @returns False where the session is over. */
  async set(changes: SessionData, remove: readonly string[] = []): Promise<boolean> {
    return (await this.#change((token) => this.#service.patch(token, changes, { remove }))) !== null;
  }

  /** @returns The sum; null where the session is over. */
  increment(key: string, by = 1): Promise<number | null> {
    return this.#change((token) => this.#service.increment(token, key, by));
  }

  /** @returns How many items the list has; null where the session is over. */
  append(key: string, item: unknown, options: AppendOptions = {}): Promise<number | null> {
    return this.#change((token) => this.#service.append(token, key, item, options));
  }

  async logout(): Promise<boolean> {
    return (await this.#change((token) => this.#service.destroy(token))) ?? false;
  }

  noTouch(): void {
    this.#touches = false;
  }

  /** A token that another request has replaced leads to the next one as long as its grace lasts. */
  async #of(read: (token: string) => Promise<Session | null>): Promise<Session | null> {
    const session = await this.#change(read);
    if (session?.successor !== undefined) this.#token = session.successor;
    return session;
  }

  async #change<T>(change: (token: string) => Promise<T | null>): Promise<T | null> {
    if (this.#token === undefined) return null;
    return change(this.#token).catch(async (error) => {
      throw await this.#toError(error);
    });
  }
}

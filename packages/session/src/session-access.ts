import type { Announcements } from './announcements.js';
import type { ReadReply, Reused } from './library.js';
import type { Configuration } from './options.js';
import { findSuccessor, successorOf } from './rotation.js';
import type { Session } from './session.js';
import { toSession } from './stored.js';
import { formatToken, hashSecret, makeSecret, type Place, type Token } from './token.js';

/** One session, by the token that opens it: read, given another token, ended. */
export class SessionAccess {
  readonly #config: Configuration;
  readonly #news: Announcements;

  constructor(config: Configuration, news: Announcements) {
    this.#config = config;
    this.#news = news;
  }

  /** @param touchEveryMs Default: the library's. */
  async get(token: Token, touchEveryMs?: number): Promise<Session | null> {
    const { library, keys, idleMs } = this.#config;
    const own = hashSecret(token.secret);
    return this.#opened(token, own, await library.get(keys.of(token), own, idleMs, touchEveryMs));
  }

  async peek(token: Token): Promise<Session | null> {
    const { library, keys } = this.#config;
    const own = hashSecret(token.secret);
    return this.#opened(token, own, await library.peek(keys.of(token), own));
  }

  /** Ends the session, and answers with what it had then. */
  async take(token: Token): Promise<Session | null> {
    const { library, keys } = this.#config;
    const own = hashSecret(token.secret);
    const last = this.#opened(token, own, await library.take(keys.of(token), own));
    if (last) await this.#news.ended([token], last.userId, 'replaced');
    return last;
  }

  async rotate(token: Token, graceMs: number): Promise<string | null> {
    const { library, keys, routingKeys } = this.#config;
    const next = graceMs > 0 ? successorOf(routingKeys[0], token) : { ...token, secret: makeSecret() };
    const own = hashSecret(token.secret);
    const reply = await library.rotate(keys.of(token), own, graceMs, hashSecret(next.secret));
    if (reply.code !== 'OK') return this.#over(token, reply);
    if (reply.secretHash === own) return formatToken(token);
    // made with the routing key of an instance that was started before this one
    if (reply.secretHash !== hashSecret(next.secret))
      return findSuccessor(routingKeys, token, reply.secretHash) ?? formatToken(token);
    this.#news.tell('rotated', { handle: token.handle, userId: reply.userId || null });
    return formatToken(next);
  }

  /** @param secretHash Undefined: whoever asks may end it without. */
  async end(place: Place, reason: 'destroyed' | 'revoked' | 'reused', secretHash?: string): Promise<boolean> {
    const { library, keys } = this.#config;
    const userId = await library.destroy(keys.of(place), place.handle, secretHash);
    if (userId === null) return false;
    await this.#news.ended([place], userId || null, reason);
    return true;
  }

  #opened(token: Token, own: string, reply: ReadReply): Session | null {
    if (reply.code !== 'OK') return this.#over(token, reply);
    const session = toSession(reply);
    if (reply.secretHash === own) return session;
    const successor = findSuccessor(this.#config.routingKeys, token, reply.secretHash);
    return successor === undefined ? session : { ...session, successor };
  }

  /** Whose token it was has no session by it any more; whether somebody else has one is for the listeners. */
  #over(token: Token, reply: Reused | { readonly code: 'GONE' }): null {
    if (reply.code === 'GONE') return null;
    this.#news.tell('reuse', { handle: reply.handle, userId: reply.userId || null });
    if (this.#config.endsReused) {
      this.end(token, 'reused').catch((error) => this.#news.tell('failed', error));
    }
    return null;
  }
}

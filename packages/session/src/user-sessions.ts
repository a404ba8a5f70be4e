import type { Announcements } from './announcements.js';
import { assertUserId } from './checks.js';
import type { Configuration } from './options.js';
import type { Device } from './session.js';
import type { SessionAccess } from './session-access.js';
import { toDevice } from './stored.js';
import { hashSecret, isHandle, parseToken, userTag } from './token.js';

/** Sessions described in one call: a user who has very many must not keep the server from everybody else. */
const LISTED_AT_ONCE = 200;

/** All sessions of one user: the devices, counted, listed and ended. */
export class UserSessions {
  readonly #config: Configuration;
  readonly #news: Announcements;
  readonly #access: SessionAccess;

  constructor(config: Configuration, news: Announcements, access: SessionAccess) {
    this.#config = config;
    this.#news = news;
    this.#access = access;
  }

  async list(userId: string): Promise<Device[]> {
    const { library, keys } = this.#config;
    const lists = await Promise.all(
      this.#tags(userId).map(async (tag) => {
        const sessions = (await library.handles(keys.index(tag))).map((handle) => keys.session(tag, handle));
        const parts = inParts(sessions, LISTED_AT_ONCE).map((part) => library.list(keys.index(tag), part));
        return (await Promise.all(parts)).flat();
      }),
    );
    return lists
      .flat()
      .sort((left, right) => right.createdAt - left.createdAt)
      .map(toDevice);
  }

  async count(userId: string): Promise<number> {
    const { library, keys } = this.#config;
    return sum(await Promise.all(this.#tags(userId).map((tag) => library.count(keys.index(tag)))));
  }

  async revoke(userId: string, handle: string): Promise<boolean> {
    // what cannot be a handle must not become part of a key
    if (!isHandle(handle)) return false;
    const ended = await Promise.all(this.#tags(userId).map((tag) => this.#access.end({ tag, handle }, 'revoked')));
    return ended.includes(true);
  }

  async revokeAll(userId: string): Promise<number> {
    return sum(await Promise.all(this.#tags(userId).map((tag) => this.#revokeTag(tag, userId))));
  }

  async revokeOthers(token: string): Promise<number | null> {
    const { library, keys } = this.#config;
    const parsed = parseToken(token);
    if (!parsed) return null;
    const reply = await library.revokeOthers(keys.of(parsed), hashSecret(parsed.secret));
    if (reply === null) return null;
    const { userId, handles } = reply;
    // a guest has no others
    if (userId === '') return 0;
    const others = handles.map((handle) => ({ tag: parsed.tag, handle }));
    await this.#news.ended(others, userId, 'revoked');
    // those under the other routing keys are all others
    const elsewhere = this.#tags(userId).filter((tag) => tag !== parsed.tag);
    return others.length + sum(await Promise.all(elsewhere.map((tag) => this.#revokeTag(tag, userId))));
  }

  async #revokeTag(tag: string, userId: string): Promise<number> {
    const { library, keys } = this.#config;
    const handles = await library.destroyAll(keys.index(tag));
    await this.#news.ended(
      handles.map((handle) => ({ tag, handle })),
      userId,
      'revoked',
    );
    return handles.length;
  }

  /** One for each routing key. */
  #tags(userId: string): string[] {
    assertUserId(userId);
    return this.#config.routingKeys.map((routingKey) => userTag(routingKey, this.#config.namespace, userId));
  }
}

function inParts<T>(items: readonly T[], size: number): T[][] {
  const parts: T[][] = [];
  for (let i = 0; i < items.length; i += size) parts.push(items.slice(i, i + size));
  return parts;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

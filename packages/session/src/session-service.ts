import { InvalidArgumentError } from '@redis-functions/core';
import { deviceFields, fromFields, toField, toFields } from './data.js';
import { SessionError } from './errors.js';
import type { Keys, StoredSession } from './library.js';
import { type Configuration, resolveOptions, type SessionServiceOptions } from './options.js';
import type { CreatedSession, Device, DeviceInfo, Session, SessionData } from './session.js';
import { formatToken, guestTag, hashSecret, makeToken, parseToken, type Token, userTag } from './token.js';

export interface PatchOptions {
  /** Keys to remove. */
  remove?: readonly string[];
  /** Change only what has not been changed since this version was read. */
  expectedVersion?: number;
}

export interface LoginOptions {
  /** Joins what a guest's session had; the same key wins over it. */
  data?: SessionData;
  device?: DeviceInfo;
}

/** A user's sessions listed or described in one call at most; a caller that has more asks for none of them by name. */
const LISTED_AT_ONCE = 500;
const LOGIN_ATTEMPTS = 5;
const LONGEST_USER_ID = 512;

/** Sessions where logout is final and no update is lost. */
export class SessionService {
  readonly #config: Configuration;

  /** @throws InvalidArgumentError that names the option. */
  constructor(options: SessionServiceOptions) {
    this.#config = resolveOptions(options);
  }

  /**
   * Makes a session of a user, or of a guest (null).
   *
   * @throws SessionError `SESSION_LIMIT` (the user has as many as allowed, and `onMaxSessions` is `reject`),
   *   `INVALID_SESSION_DATA`; InvalidArgumentError for the user id.
   */
  async create(userId: string | null, data: SessionData = {}, device: DeviceInfo = {}): Promise<CreatedSession> {
    const { library, idleMs, absoluteMs, limit, atLimit, maxDataBytes, routingKeys, namespace } = this.#config;
    assertUserId(userId);
    const fields = [...toFields(data, maxDataBytes), ...deviceFields(device)];
    const token = makeToken(userId === null ? guestTag() : userTag(routingKeys[0], namespace, userId));
    const { handle } = token;
    const secretHash = hashSecret(token.secret);
    const reply = await library.create(this.#keys(token), {
      ...{ handle, secretHash, userId: userId ?? '', idleMs, absoluteMs, limit, atLimit, fields },
    });
    if (reply.code !== 'OK') throw refusal(reply.code, limit);
    const { createdAt, expiresAt, evicted } = reply;
    const stored = { handle, userId: userId ?? '', createdAt, lastSeenAt: createdAt, expiresAt, version: 1 };
    const session = toSession({ ...stored, fields: new Map(fields) });
    return { token: formatToken(token), session, evicted };
  }

  /** The session, which lives on for it; null where there is none. One round trip, and no write within the touch interval. */
  get(token: string): Promise<Session | null> {
    return this.#read(token, this.#config.touchEveryMs);
  }

  /** The session, however often it was touched: its idle time begins anew. */
  touch(token: string): Promise<Session | null> {
    return this.#read(token, 0);
  }

  /** The session, which does not live longer for it; may be answered by a replica. */
  async peek(token: string): Promise<Session | null> {
    const parsed = parseToken(token);
    if (!parsed) return null;
    const stored = await this.#config.library.peek(this.#keys(parsed), hashSecret(parsed.secret));
    return stored && toSession(stored);
  }

  /**
   * Sets some keys of the data and leaves the others alone: two that change different keys at once both keep their change.
   *
   * @returns The version after it; null where the session is over, which no write brings back.
   * @throws SessionError `VERSION_CONFLICT`, `INVALID_SESSION_DATA`.
   */
  async patch(token: string, changes: SessionData, options: PatchOptions = {}): Promise<number | null> {
    const { remove = [], expectedVersion } = options;
    const set = toFields(changes, this.#config.maxDataBytes);
    const removed = remove.map(toField);
    const parsed = parseToken(token);
    if (!parsed) return null;
    const secretHash = hashSecret(parsed.secret);
    const reply = await this.#config.library.patch(this.#keys(parsed), secretHash, expectedVersion, set, removed);
    if (reply.code === 'GONE') return null;
    if (reply.code === 'OK') return reply.version;
    throw new SessionError(
      'VERSION_CONFLICT',
      `The session has version ${reply.version}, not ${expectedVersion}: somebody else changed it. Read it again first.`,
    );
  }

  /** Ends the session. @returns False where it was over already. */
  async destroy(token: string): Promise<boolean> {
    const parsed = parseToken(token);
    if (!parsed) return false;
    return (await this.#config.library.destroy(this.#keys(parsed), parsed.handle, hashSecret(parsed.secret))) === 1;
  }

  /**
   * Makes a session of a user out of a guest's: its data goes along, then it ends. A session of another user, or an older
   * one of the same, ends too, and its data stays behind. The old token never opens what the new one does (no fixation).
   *
   * Safe at each step: until the new session is made nothing has happened; after it, what is left of the old one has a
   * guest's rights and a TTL.
   */
  async login(
    token: string | null,
    userId: string,
    { data = {}, device = {} }: LoginOptions = {},
  ): Promise<CreatedSession> {
    assertUserId(userId);
    const old = token === null ? undefined : parseToken(token);
    let before = old && (await this.peek(formatToken(old)));
    const carried = before?.userId === null ? before.data : {};
    const created = await this.create(userId, { ...carried, ...data }, device);
    for (let attempt = 1; old && before && attempt <= LOGIN_ATTEMPTS; attempt++) {
      const guestVersion = before.userId === null ? before.version : undefined;
      const { library } = this.#config;
      const ended = await library.destroy(this.#keys(old), old.handle, hashSecret(old.secret), guestVersion);
      if (ended !== undefined) break;
      // the guest did something more in another tab: that goes along too
      before = await this.peek(formatToken(old));
      if (before) await this.patch(created.token, { ...before.data, ...data });
    }
    return created;
  }

  /** The user's sessions, the latest first. */
  async list(userId: string): Promise<Device[]> {
    const { library, keys } = this.#config;
    const lists = await Promise.all(
      this.#tags(userId).map(async (tag) => {
        const handles = (await library.handles(keys.index(tag))).slice(0, LISTED_AT_ONCE);
        if (handles.length === 0) return [];
        return library.list(
          keys.index(tag),
          handles.map((handle) => keys.session(tag, handle)),
        );
      }),
    );
    return lists
      .flat()
      .sort((left, right) => right.createdAt - left.createdAt)
      .map(({ handle, createdAt, lastSeenAt, expiresAt, fields }) => ({
        handle,
        createdAt: new Date(createdAt),
        lastSeenAt: new Date(lastSeenAt),
        expiresAt: new Date(expiresAt),
        ...fromFields(fields).device,
      }));
  }

  /** Ends one session of a user by its handle. @returns False where the user has none of that handle. */
  async revoke(userId: string, handle: string): Promise<boolean> {
    const { library } = this.#config;
    // what cannot be a handle must not become part of a key
    if (!/^[\w-]{22}$/.test(handle)) return false;
    const ended = await Promise.all(
      this.#tags(userId).map((tag) => library.destroy(this.#keys({ tag, handle }), handle)),
    );
    return ended.includes(1);
  }

  /** Ends all sessions of a user. @returns How many. */
  async revokeAll(userId: string): Promise<number> {
    const { library, keys } = this.#config;
    const counts = await Promise.all(this.#tags(userId).map((tag) => library.destroyAll(keys.index(tag))));
    return counts.reduce((sum, count) => sum + count, 0);
  }

  /** Ends all sessions of the user but this one. @returns How many; null where this one is over itself. */
  async revokeOthers(token: string): Promise<number | null> {
    const parsed = parseToken(token);
    if (!parsed) return null;
    const { library, keys } = this.#config;
    const session = await this.peek(token);
    const count = await library.revokeOthers(this.#keys(parsed), hashSecret(parsed.secret));
    if (count === null || !session || session.userId === null) return count;
    // those under the other routing keys are all others
    const elsewhere = this.#tags(session.userId).filter((tag) => tag !== parsed.tag);
    const counts = await Promise.all(elsewhere.map((tag) => library.destroyAll(keys.index(tag))));
    return counts.reduce((sum, ended) => sum + ended, count);
  }

  async #read(token: string, touchEveryMs: number): Promise<Session | null> {
    const parsed = parseToken(token);
    if (!parsed) return null;
    const { library, idleMs } = this.#config;
    const stored = await library.get(this.#keys(parsed), hashSecret(parsed.secret), idleMs, touchEveryMs);
    return stored && toSession(stored);
  }

  #keys({ tag, handle }: Pick<Token, 'tag' | 'handle'>): Keys {
    const { keys } = this.#config;
    return [keys.session(tag, handle), keys.index(tag)];
  }

  /** One for each routing key. */
  #tags(userId: string): string[] {
    assertUserId(userId);
    return this.#config.routingKeys.map((routingKey) => userTag(routingKey, this.#config.namespace, userId));
  }
}

function refusal(code: 'EXISTS' | 'LIMIT', limit: number): SessionError {
  return code === 'LIMIT'
    ? new SessionError('SESSION_LIMIT', `The user has ${limit} sessions already. End one of them first.`)
    : new SessionError('SESSION_EXISTS', 'Another session has this handle. Call create again.');
}

function assertUserId(userId: string | null): void {
  if (userId === null) return;
  if (typeof userId === 'string' && userId.length > 0 && userId.length <= LONGEST_USER_ID) return;
  throw new InvalidArgumentError('userId', `userId must be 1 to ${LONGEST_USER_ID} characters. Give null for a guest.`);
}

function toSession({ handle, userId, createdAt, lastSeenAt, expiresAt, version, fields }: StoredSession): Session {
  return {
    handle,
    userId: userId === '' ? null : userId,
    ...fromFields(fields),
    createdAt: new Date(createdAt),
    lastSeenAt: new Date(lastSeenAt),
    expiresAt: new Date(expiresAt),
    version,
  };
}

import { assertUserId, assertVersion } from './checks.js';
import { deviceFields, type Fields, toField, toFields, tooLarge } from './data.js';
import { SessionError } from './errors.js';
import { invalid } from './json.js';
import type { Keys } from './library.js';
import { type Configuration, resolveOptions, type SessionServiceOptions } from './options.js';
import type { CreatedSession, Device, DeviceInfo, Session, SessionData } from './session.js';
import { toDevice, toSession } from './stored.js';
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

/** Sessions described in one call: a user who has very many must not keep the server from everybody else. */
const LISTED_AT_ONCE = 200;

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
   *   `INVALID_SESSION_DATA`, `SESSION_TOO_LARGE`; InvalidArgumentError for the user id and the device.
   */
  async create(userId: string | null, data: SessionData = {}, device: DeviceInfo = {}): Promise<CreatedSession> {
    return this.#create(userId, data, device);
  }

  async #create(
    userId: string | null,
    data: SessionData,
    device: DeviceInfo,
    replaced?: string,
  ): Promise<CreatedSession> {
    const { library, idleMs, absoluteMs, limit, atLimit, maxDataBytes, routingKeys, namespace } = this.#config;
    if (userId !== null) assertUserId(userId);
    const fields = [...toFields(data, maxDataBytes), ...deviceFields(device)];
    const token = makeToken(userId === null ? guestTag() : userTag(routingKeys[0], namespace, userId));
    const { handle } = token;
    const secretHash = hashSecret(token.secret);
    const session = { handle, secretHash, userId: userId ?? '', idleMs, absoluteMs, limit, atLimit, fields };
    const reply = await library.create(this.#keys(token), session, replaced);
    if (reply.code !== 'OK') throw refusal(reply.code, limit);
    const { createdAt, expiresAt, evicted } = reply;
    const stored = { handle, userId: userId ?? '', createdAt, lastSeenAt: createdAt, expiresAt, version: 1 };
    return { token: formatToken(token), session: toSession({ ...stored, fields: new Map(fields) }), evicted };
  }

  /**
   * The session, which lives on for it; null where there is none. One round trip. It is written at most once per minute,
   * or per 5 % of the idle time where that is less, so a session may end that much before its idle time is over.
   */
  get(token: string): Promise<Session | null> {
    return this.#read(token);
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
   * @throws SessionError `VERSION_CONFLICT`, `INVALID_SESSION_DATA`, `SESSION_TOO_LARGE`.
   */
  async patch(token: string, changes: SessionData, options: PatchOptions = {}): Promise<number | null> {
    const { remove = [], expectedVersion } = options;
    const { library, maxDataBytes: mostBytes } = this.#config;
    const fields = this.#encodeChanges(changes, remove);
    assertVersion(expectedVersion);
    const parsed = parseToken(token);
    if (!parsed) return null;
    const patch = { ...fields, expectedVersion, mostBytes };
    const reply = await library.patch(this.#keys(parsed), hashSecret(parsed.secret), patch);
    if (reply.code === 'GONE') return null;
    if (reply.code === 'OK') return reply.version;
    if (reply.code === 'TOO_LARGE') throw tooLarge(reply.bytes, mostBytes);
    throw new SessionError(
      'VERSION_CONFLICT',
      `The session has version ${reply.version}, not ${expectedVersion}: somebody else changed it. Read it again first.`,
    );
  }

  /** Throws what `patch` would throw for these changes in any session; asks nothing of Redis. */
  assertChanges(changes: SessionData, remove: readonly string[] = []): void {
    this.#encodeChanges(changes, remove);
  }

  /** Ends the session. @returns False where it was over already. */
  async destroy(token: string): Promise<boolean> {
    const parsed = parseToken(token);
    if (!parsed) return false;
    return (await this.#config.library.destroy(this.#keys(parsed), parsed.handle, hashSecret(parsed.secret))) === 1;
  }

  /**
   * Makes a new session for a user who has just said who they are, and ends the one of `token`. The data of a guest, or of
   * the same user, goes along; that of another user stays behind. The old token never opens what the new one does (no
   * fixation).
   *
   * Safe at each step: until the new session is made nothing has happened to a guest's; after it, what is left of the old
   * one has a guest's rights and a TTL.
   *
   * @throws SessionError and InvalidArgumentError as `create`.
   */
  async login(
    token: string | null,
    userId: string,
    { data = {}, device = {} }: LoginOptions = {},
  ): Promise<CreatedSession> {
    assertUserId(userId);
    this.assertChanges(data);
    const old = token === null ? undefined : parseToken(token);
    // not peek: a replica may not have heard of a guest who came a moment ago
    const before = old && (await this.get(formatToken(old)));
    if (!old || !before) return this.create(userId, data, device);
    if (before.userId === userId && this.#tags(userId)[0] === old.tag) return this.#renew(old, before, data, device);
    const goesAlong = before.userId === null || before.userId === userId;
    const created = await this.create(userId, { ...(goesAlong && before.data), ...data }, device);
    const last = await this.#take(old);
    if (!goesAlong || !last || last.version === before.version) return created;
    return this.#follow(created, before, last, data);
  }

  /** In one step: what refuses the new session leaves the old one, and no other of the user has to go for it. */
  async #renew(old: Token, before: Session, own: SessionData, device: DeviceInfo): Promise<CreatedSession> {
    const data = { ...before.data, ...own };
    this.assertChanges(data);
    const created = await this.#create(before.userId, own, device, this.#keys(old)[0]);
    return { ...created, session: { ...created.session, data } };
  }

  /** The user's sessions, the latest first. */
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
    const { library, keys, routingKeys } = this.#config;
    // not peek: a replica that is behind would have those under the other routing keys live on
    const session = routingKeys.length > 1 ? await this.get(token) : null;
    const count = await library.revokeOthers(this.#keys(parsed), hashSecret(parsed.secret));
    if (count === null || !session || session.userId === null) return count;
    // those under the other routing keys are all others
    const elsewhere = this.#tags(session.userId).filter((tag) => tag !== parsed.tag);
    const counts = await Promise.all(elsewhere.map((tag) => library.destroyAll(keys.index(tag))));
    return counts.reduce((sum, ended) => sum + ended, count);
  }

  /** @param touchEveryMs Default: the library's. */
  async #read(token: string, touchEveryMs?: number): Promise<Session | null> {
    const parsed = parseToken(token);
    if (!parsed) return null;
    const { library, idleMs } = this.#config;
    const stored = await library.get(this.#keys(parsed), hashSecret(parsed.secret), idleMs, touchEveryMs);
    return stored && toSession(stored);
  }

  #encodeChanges(changes: SessionData, remove: readonly string[]): { set: Fields; remove: string[] } {
    const set = toFields(changes, this.#config.maxDataBytes);
    const both = remove.find((key) => Object.hasOwn(changes, key));
    if (both !== undefined) throw invalid(`${both} is to be set and removed at once. Choose one.`);
    return { set, remove: remove.map(toField) };
  }

  #keys({ tag, handle }: Pick<Token, 'tag' | 'handle'>): Keys {
    const { keys } = this.#config;
    return [keys.session(tag, handle), keys.index(tag)];
  }

  /** Ends a session, and tells what it had when it ended. */
  async #take(token: Token): Promise<Session | null> {
    const stored = await this.#config.library.take(this.#keys(token), hashSecret(token.secret));
    return stored && toSession(stored);
  }

  /** What a guest did in another tab while their session was copied; what the login itself sets wins. */
  async #follow(created: CreatedSession, before: Session, last: Session, own: SessionData): Promise<CreatedSession> {
    const isNotOwn = (key: string) => !Object.hasOwn(own, key);
    const set = Object.fromEntries(Object.entries(last.data).filter(([key]) => isNotOwn(key)));
    const remove = Object.keys(before.data).filter((key) => isNotOwn(key) && !Object.hasOwn(last.data, key));
    // without a limit: each of the two was within it, and refused now they would be lost, and the new session with them
    const patch = { ...this.#encodeChanges(set, remove), expectedVersion: undefined, mostBytes: 0 };
    const { library } = this.#config;
    const { tag, handle, secret } = parseToken(created.token) as Token;
    const reply = await library.patch(this.#keys({ tag, handle }), hashSecret(secret), patch);
    if (reply.code !== 'OK') return created;
    return { ...created, session: { ...created.session, data: { ...last.data, ...own }, version: reply.version } };
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

function inParts<T>(items: readonly T[], size: number): T[][] {
  const parts: T[][] = [];
  for (let i = 0; i < items.length; i += size) parts.push(items.slice(i, i + size));
  return parts;
}

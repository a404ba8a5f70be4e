import { EventEmitter } from 'node:events';
import { type Duration, parseDuration } from '@redis-functions/core';
import { assertUserId, assertVersion } from './checks.js';
import { deviceFields, type Fields, fromFields, toField, toFields, toJson, tooLarge } from './data.js';
import { SessionError } from './errors.js';
import type { SessionEvents } from './events.js';
import { ExpiryWatch } from './expiry-watch.js';
import { invalid } from './json.js';
import type { Keys, ReadReply, Reused } from './library.js';
import { login } from './login.js';
import { type Configuration, resolveOptions, type SessionServiceOptions } from './options.js';
import { findSuccessor, successorOf } from './rotation.js';
import type { CreatedSession, Device, DeviceInfo, Session, SessionData } from './session.js';
import { toDevice, toSession } from './stored.js';
import { formatToken, guestTag, hashSecret, makeSecret, makeToken, parseToken, type Token, userTag } from './token.js';

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

export interface GetOptions {
  /** False: the session does not live longer for it, as for what asks without its user. Default: true. */
  touch?: boolean;
}

export interface RotateOptions {
  /**
   * How long the old token goes on to open the session, for requests that are under way. 0 where the session may do more
   * from now on, or somebody may have the old token. Default: `30s`.
   */
  grace?: Duration;
}

export interface AppendOptions {
  /** Items that the list may have. Default: as many as fit. */
  mostItems?: number;
}

/** Sessions described in one call: a user who has very many must not keep the server from everybody else. */
const LISTED_AT_ONCE = 200;
const GRACE = '30s';
/** The longest that the library takes. */
const NEVER_MS = 999_999_999_999_999;

type Place = Pick<Token, 'tag' | 'handle'>;

/** Sessions where logout is final and no update is lost. Emits `SessionEvents`. */
export class SessionService extends EventEmitter<SessionEvents> {
  readonly #config: Configuration;
  readonly #watch: ExpiryWatch | undefined;

  /** @throws InvalidArgumentError that names the option. */
  constructor(options: SessionServiceOptions) {
    super();
    this.#config = resolveOptions(options);
    if (this.#config.lookEveryMs > 0) {
      this.#watch = new ExpiryWatch(
        this.#config,
        (event) => this.emit('expired', event),
        (error) => this.emit('sweep-failed', error),
      );
    }
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

  /**
   * The session, which lives on for it; null where there is none. One round trip. It is written at most once per minute,
   * or per 5 % of the idle time where that is less, so a session may end that much before its idle time is over.
   */
  async get(token: string, { touch = true }: GetOptions = {}): Promise<Session | null> {
    const parsed = parseToken(token);
    return parsed ? this.#read(parsed, touch ? undefined : NEVER_MS) : null;
  }

  /** The session, however often it was touched: its idle time begins anew. */
  async touch(token: string): Promise<Session | null> {
    const parsed = parseToken(token);
    return parsed ? this.#read(parsed, 0) : null;
  }

  /** The session, which does not live longer for it; may be answered by a replica. */
  async peek(token: string): Promise<Session | null> {
    const parsed = parseToken(token);
    if (!parsed) return null;
    return this.#opened(parsed, await this.#config.library.peek(this.#keys(parsed), hashSecret(parsed.secret)));
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

  /**
   * Adds to a whole number of the data; one that is not there counts as 0. Of two that add at once, none is lost.
   *
   * @returns The sum; null where the session is over.
   * @throws SessionError `NOT_A_NUMBER` (what is there is no whole number, or the sum is none that a double keeps),
   *   `INVALID_SESSION_DATA`, `SESSION_TOO_LARGE`.
   */
  async increment(token: string, key: string, by = 1): Promise<number | null> {
    const { library, maxDataBytes } = this.#config;
    const field = toField(key);
    if (!Number.isSafeInteger(by)) throw invalid(`What is to be added to ${key} is ${by}. Give a whole number.`);
    const parsed = parseToken(token);
    if (!parsed) return null;
    const reply = await library.increment(this.#keys(parsed), hashSecret(parsed.secret), maxDataBytes, field, by);
    if (reply.code === 'OK') return reply.value;
    if (reply.code === 'GONE') return null;
    if (reply.code === 'TOO_LARGE') throw tooLarge(reply.bytes, maxDataBytes);
    throw new SessionError('NOT_A_NUMBER', `${key} is no whole number, or would be too large for one. Set it first.`);
  }

  /**
   * Puts an item at the end of a list of the data; one that is not there begins with it. Of two that append at once, none
   * is lost.
   *
   * @returns How many items the list has; null where the session is over.
   * @throws SessionError `NOT_A_LIST`, `LIST_FULL`, `INVALID_SESSION_DATA`, `SESSION_TOO_LARGE`.
   */
  async append(
    token: string,
    key: string,
    item: unknown,
    { mostItems = 0 }: AppendOptions = {},
  ): Promise<number | null> {
    const { library, maxDataBytes } = this.#config;
    const [field, json] = [toField(key), toJson(key, item)];
    if (!Number.isSafeInteger(mostItems) || mostItems < 0)
      throw invalid('mostItems is no number of items. Give 1 or more.');
    const parsed = parseToken(token);
    if (!parsed) return null;
    const secretHash = hashSecret(parsed.secret);
    const reply = await library.append(this.#keys(parsed), secretHash, maxDataBytes, field, mostItems, json);
    if (reply.code === 'OK') return reply.items;
    if (reply.code === 'GONE') return null;
    if (reply.code === 'TOO_LARGE') throw tooLarge(reply.bytes, maxDataBytes);
    if (reply.code === 'FULL') {
      throw new SessionError('LIST_FULL', `${key} has ${reply.items} items already. Remove some first.`);
    }
    throw new SessionError('NOT_A_LIST', `${key} is not a list. Set it to one first.`);
  }

  /**
   * Reads and removes keys of the data in one step: of two that ask at once, one gets them (flash messages).
   *
   * @returns Those that were there; null where the session is over.
   */
  async pop(token: string, ...keys: string[]): Promise<SessionData | null> {
    const fields = keys.map(toField);
    const parsed = parseToken(token);
    if (!parsed) return null;
    const popped = await this.#config.library.pop(this.#keys(parsed), hashSecret(parsed.secret), fields);
    return popped && fromFields(popped).data;
  }

  /**
   * Gives the session a new token; its handle and its data stay. With a grace, all who rotate at once get the same one,
   * also who lost the answer and asks again; in the grace of an earlier rotation nothing changes.
   *
   * @returns The token to go on with; null where the session is over.
   */
  async rotate(token: string, { grace = GRACE }: RotateOptions = {}): Promise<string | null> {
    const graceMs = grace === 0 || grace === '0s' ? 0 : parseDuration('grace', grace);
    const parsed = parseToken(token);
    if (!parsed) return null;
    const { library, routingKeys } = this.#config;
    const next = graceMs > 0 ? successorOf(routingKeys[0], parsed) : { ...parsed, secret: makeSecret() };
    const own = hashSecret(parsed.secret);
    const reply = await library.rotate(this.#keys(parsed), own, graceMs, hashSecret(next.secret));
    if (reply.code !== 'OK') return this.#over(parsed, reply);
    if (reply.secretHash === own) return token;
    // made with the routing key of an instance that was started before this one
    if (reply.secretHash !== hashSecret(next.secret))
      return findSuccessor(routingKeys, parsed, reply.secretHash) ?? token;
    this.emit('rotated', { handle: parsed.handle, userId: reply.userId || null });
    return formatToken(next);
  }

  /** Whether the user of the session has logged in within that time, by the server's clock. Never true of a guest. */
  isFresh({ userId, createdAt, readAt }: Session, freshFor: Duration): boolean {
    const withinMs = parseDuration('freshFor', freshFor);
    return userId !== null && readAt.getTime() - createdAt.getTime() < withinMs;
  }

  /** Ends the session. @returns False where it was over already. */
  async destroy(token: string): Promise<boolean> {
    const parsed = parseToken(token);
    return parsed !== undefined && this.#end(parsed, 'destroyed', hashSecret(parsed.secret));
  }

  /**
   * Makes a new session for a user who has just said who they are, and ends the one of `token`. The data of a guest, or of
   * the same user, goes along; that of another user stays behind. The old token never opens what the new one does (no
   * fixation). Safe at each step.
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
    const { library } = this.#config;
    const steps = {
      read: (old: Token) => this.#read(old),
      take: async (old: Token) => {
        const last = this.#opened(old, await library.take(this.#keys(old), hashSecret(old.secret)));
        if (last) await this.#tell([old], last.userId, 'replaced');
        return last;
      },
      create: (user: string, all: SessionData, of: DeviceInfo) => this.#create(user, all, of),
      replace: async (old: Token, before: Session, own: SessionData, of: DeviceInfo) => {
        const all = { ...before.data, ...own };
        this.assertChanges(all);
        const created = await this.#create(before.userId, own, of, old);
        return { ...created, session: { ...created.session, data: all } };
      },
      isNear: (old: Token, user: string) => this.#tags(user)[0] === old.tag,
      change: async ({ secret, ...place }: Token, set: SessionData, remove: readonly string[]) => {
        const patch = { ...this.#encodeChanges(set, remove), expectedVersion: undefined, mostBytes: 0 };
        const reply = await library.patch(this.#keys(place), hashSecret(secret), patch);
        return reply.code === 'OK' ? reply.version : null;
      },
    };
    return login(steps, token === null ? undefined : parseToken(token), userId, data, device);
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

  /** How many sessions the user has. */
  async count(userId: string): Promise<number> {
    const { library, keys } = this.#config;
    return sum(await Promise.all(this.#tags(userId).map((tag) => library.count(keys.index(tag)))));
  }

  /** Ends one session of a user by its handle. @returns False where the user has none of that handle. */
  async revoke(userId: string, handle: string): Promise<boolean> {
    // what cannot be a handle must not become part of a key
    if (!/^[\w-]{22}$/.test(handle)) return false;
    const ended = await Promise.all(this.#tags(userId).map((tag) => this.#end({ tag, handle }, 'revoked')));
    return ended.includes(true);
  }

  /** Ends all sessions of a user. @returns How many. */
  async revokeAll(userId: string): Promise<number> {
    return sum(await Promise.all(this.#tags(userId).map((tag) => this.#revokeAll(tag, userId))));
  }

  /** Ends all sessions of the user but this one. @returns How many; null where this one is over itself. */
  async revokeOthers(token: string): Promise<number | null> {
    const parsed = parseToken(token);
    if (!parsed) return null;
    const reply = await this.#config.library.revokeOthers(this.#keys(parsed), hashSecret(parsed.secret));
    if (reply === null) return null;
    const { userId, handles } = reply;
    // a guest has no others
    if (userId === '') return 0;
    const others = handles.map((handle) => ({ tag: parsed.tag, handle }));
    await this.#tell(others, userId, 'revoked');
    // those under the other routing keys are all others
    const elsewhere = this.#tags(userId).filter((tag) => tag !== parsed.tag);
    return others.length + sum(await Promise.all(elsewhere.map((tag) => this.#revokeAll(tag, userId))));
  }

  /**
   * How many sessions live, to within those that ended since somebody looked. Known where `expiryEvents` is on.
   *
   * @throws SessionError `NOT_WATCHED` where it is not.
   */
  async live(): Promise<number> {
    if (this.#watch) return this.#watch.count();
    throw new SessionError('NOT_WATCHED', 'Sessions are counted where their ends are watched. Set expiryEvents: true.');
  }

  /** Stops looking for sessions that expired. The connection stays open: it is whose it was. */
  async close(): Promise<void> {
    await this.#watch?.close();
  }

  /** @param replaced A session of the same user that ends in the same moment. */
  async #create(
    userId: string | null,
    data: SessionData,
    device: DeviceInfo,
    replaced?: Token,
  ): Promise<CreatedSession> {
    const { library, idleMs, absoluteMs, limit, atLimit, maxDataBytes, routingKeys, namespace } = this.#config;
    if (userId !== null) assertUserId(userId);
    const fields = [...toFields(data, maxDataBytes), ...deviceFields(device)];
    const token = makeToken(userId === null ? guestTag() : userTag(routingKeys[0], namespace, userId));
    const { tag, handle } = token;
    const secretHash = hashSecret(token.secret);
    const session = { handle, secretHash, userId: userId ?? '', idleMs, absoluteMs, limit, atLimit, fields };
    // by this clock, which is only for when to look first
    await this.#watch?.expect(token, userId, Date.now() + Math.min(idleMs, absoluteMs));
    const reply = await library.create(this.#keys(token), session, replaced && this.#keys(replaced)[0]);
    if (reply.code !== 'OK') {
      await this.#watch?.forget([{ place: token, userId }]);
      throw refusal(reply.code, limit);
    }
    const { createdAt, expiresAt, evicted } = reply;
    const times = { createdAt, lastSeenAt: createdAt, expiresAt, readAt: createdAt };
    this.emit('created', { handle, userId });
    if (replaced) await this.#tell([replaced], userId, 'replaced');
    for (const gone of evicted) this.emit('evicted', { handle: gone, userId, by: handle });
    if (evicted.length > 0)
      await this.#watch?.forget(evicted.map((gone) => ({ place: { tag, handle: gone }, userId })));
    const stored = { handle, userId: userId ?? '', ...times, version: 1, fields: new Map(fields) };
    return { token: formatToken(token), session: toSession(stored), evicted };
  }

  /** @param touchEveryMs Default: the library's. */
  async #read(token: Token, touchEveryMs?: number): Promise<Session | null> {
    const { library, idleMs } = this.#config;
    return this.#opened(token, await library.get(this.#keys(token), hashSecret(token.secret), idleMs, touchEveryMs));
  }

  #opened(token: Token, reply: ReadReply): Session | null {
    if (reply.code !== 'OK') return this.#over(token, reply);
    const session = toSession(reply);
    if (reply.secretHash === hashSecret(token.secret)) return session;
    const successor = findSuccessor(this.#config.routingKeys, token, reply.secretHash);
    return successor === undefined ? session : { ...session, successor };
  }

  /** Whose token it was has no session by it any more; whether somebody else has one is for the listeners. */
  #over(token: Token, reply: Reused | { readonly code: 'GONE' }): null {
    if (reply.code === 'GONE') return null;
    this.emit('reuse', { handle: reply.handle, userId: reply.userId || null });
    if (this.#config.endsReused) {
      this.#end(token, 'reused').catch((error) => this.emit('sweep-failed', error));
    }
    return null;
  }

  /** @param secretHash Undefined: whoever asks may end it without. */
  async #end(place: Place, reason: 'destroyed' | 'revoked' | 'reused', secretHash?: string): Promise<boolean> {
    const userId = await this.#config.library.destroy(this.#keys(place), place.handle, secretHash);
    if (userId === null) return false;
    await this.#tell([place], userId || null, reason);
    return true;
  }

  async #revokeAll(tag: string, userId: string): Promise<number> {
    const handles = await this.#config.library.destroyAll(this.#config.keys.index(tag));
    const places = handles.map((handle) => ({ tag, handle }));
    await this.#tell(places, userId, 'revoked');
    return handles.length;
  }

  async #tell(
    places: readonly Place[],
    userId: string | null,
    reason: SessionEvents['destroyed'][0]['reason'],
  ): Promise<void> {
    for (const { handle } of places) this.emit('destroyed', { handle, userId, reason });
    if (places.length > 0) await this.#watch?.forget(places.map((place) => ({ place, userId })));
  }

  #encodeChanges(changes: SessionData, remove: readonly string[]): { set: Fields; remove: string[] } {
    const set = toFields(changes, this.#config.maxDataBytes);
    const both = remove.find((key) => Object.hasOwn(changes, key));
    if (both !== undefined) throw invalid(`${both} is to be set and removed at once. Choose one.`);
    return { set, remove: remove.map(toField) };
  }

  #keys({ tag, handle }: Place): Keys {
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

function inParts<T>(items: readonly T[], size: number): T[][] {
  const parts: T[][] = [];
  for (let i = 0; i < items.length; i += size) parts.push(items.slice(i, i + size));
  return parts;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

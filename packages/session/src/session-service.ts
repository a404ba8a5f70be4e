import { EventEmitter } from 'node:events';
import { type Duration, parseDuration } from '@redis-functions/core';
import { Announcements } from './announcements.js';
import type { SessionEvents } from './events.js';
import { type LoginOptions, NewSessions } from './new-sessions.js';
import { resolveOptions, type SessionServiceOptions } from './options.js';
import type { CreatedSession, Device, DeviceInfo, Session, SessionData } from './session.js';
import { SessionAccess } from './session-access.js';
import { type AppendOptions, type PatchOptions, SessionChanges } from './session-changes.js';
import { hashSecret, parseToken } from './token.js';
import { UserSessions } from './user-sessions.js';

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

const GRACE = '30s';
/** The longest that the library takes. */
const NEVER_MS = 999_999_999_999_999;

/** Sessions where logout is final and no update is lost. Emits `SessionEvents`. */
export class SessionService extends EventEmitter<SessionEvents> {
  readonly #news: Announcements;
  readonly #access: SessionAccess;
  readonly #changes: SessionChanges;
  readonly #new: NewSessions;
  readonly #users: UserSessions;
  /** How long a session lives at most, in milliseconds. */
  readonly absoluteMs: number;

  /** @throws InvalidArgumentError that names the option. */
  constructor(options: SessionServiceOptions) {
    super();
    const config = resolveOptions(options);
    this.#news = new Announcements(this, config);
    this.#access = new SessionAccess(config, this.#news);
    this.#changes = new SessionChanges(config);
    this.#new = new NewSessions(config, this.#news, this.#access, this.#changes);
    this.#users = new UserSessions(config, this.#news, this.#access);
    this.absoluteMs = config.absoluteMs;
  }

  /**
   * Makes a session of a user, or of a guest (null).
   *
   * @throws SessionError `SESSION_LIMIT` (the user has as many as allowed, and `onMaxSessions` is `reject`),
   *   `INVALID_SESSION_DATA`, `SESSION_TOO_LARGE`; InvalidArgumentError for the user id and the device.
   */
  async create(userId: string | null, data: SessionData = {}, device: DeviceInfo = {}): Promise<CreatedSession> {
    return this.#new.create(userId, data, device);
  }

  /**
   * The session, which lives on for it; null where there is none. One round trip. It is written at most once per minute,
   * or per 5 % of the idle time where that is less, so a session may end that much before its idle time is over.
   */
  async get(token: string, { touch = true }: GetOptions = {}): Promise<Session | null> {
    const parsed = parseToken(token);
    return parsed ? this.#access.get(parsed, touch ? undefined : NEVER_MS) : null;
  }

  /** The session, however often it was touched: its idle time begins anew. */
  async touch(token: string): Promise<Session | null> {
    const parsed = parseToken(token);
    return parsed ? this.#access.get(parsed, 0) : null;
  }

  /** The session, which does not live longer for it; may be answered by a replica. */
  async peek(token: string): Promise<Session | null> {
    const parsed = parseToken(token);
    return parsed ? this.#access.peek(parsed) : null;
  }

  /**
   * Sets some keys of the data and leaves the others alone: two that change different keys at once both keep their change.
   *
   * @returns The version after it; null where the session is over, which no write brings back.
   * @throws SessionError `VERSION_CONFLICT`, `INVALID_SESSION_DATA`, `SESSION_TOO_LARGE`.
   */
  async patch(token: string, changes: SessionData, options: PatchOptions = {}): Promise<number | null> {
    return this.#changes.patch(token, changes, options);
  }

  /** Throws what `patch` would throw for these changes in any session; asks nothing of Redis. */
  assertChanges(changes: SessionData, remove: readonly string[] = []): void {
    this.#changes.encode(changes, remove);
  }

  /**
   * Adds to a whole number of the data; one that is not there counts as 0. Of two that add at once, none is lost.
   *
   * @returns The sum; null where the session is over.
   * @throws SessionError `NOT_A_NUMBER` (what is there is no whole number, or the sum is none that a double keeps),
   *   `INVALID_SESSION_DATA`, `SESSION_TOO_LARGE`.
   */
  async increment(token: string, key: string, by = 1): Promise<number | null> {
    return this.#changes.increment(token, key, by);
  }

  /**
   * Puts an item at the end of a list of the data; one that is not there begins with it. Of two that append at once, none
   * is lost.
   *
   * @returns How many items the list has; null where the session is over.
   * @throws SessionError `NOT_A_LIST`, `LIST_FULL`, `INVALID_SESSION_DATA`, `SESSION_TOO_LARGE`.
   */
  async append(token: string, key: string, item: unknown, options: AppendOptions = {}): Promise<number | null> {
    return this.#changes.append(token, key, item, options);
  }

  /**
   * Reads and removes keys of the data in one step: of two that ask at once, one gets them (flash messages).
   *
   * @returns Those that were there; null where the session is over.
   */
  async pop(token: string, ...keys: string[]): Promise<SessionData | null> {
    return this.#changes.pop(token, keys);
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
    return parsed ? this.#access.rotate(parsed, graceMs) : null;
  }

  /** Whether the user of the session has logged in within that time, by the server's clock. Never true of a guest. */
  isFresh({ userId, createdAt, readAt }: Session, freshFor: Duration): boolean {
    const withinMs = parseDuration('freshFor', freshFor);
    return userId !== null && readAt.getTime() - createdAt.getTime() < withinMs;
  }

  /** Ends the session. @returns False where it was over already. */
  async destroy(token: string): Promise<boolean> {
    const parsed = parseToken(token);
    return parsed !== undefined && this.#access.end(parsed, 'destroyed', hashSecret(parsed.secret));
  }

  /**
   * Makes a new session for a user who has just said who they are, and ends the one of `token`. The data of a guest, or of
   * the same user, goes along; that of another user stays behind. The old token never opens what the new one does (no
   * fixation). Safe at each step.
   *
   * @throws SessionError and InvalidArgumentError as `create`.
   */
  async login(token: string | null, userId: string, options: LoginOptions = {}): Promise<CreatedSession> {
    return this.#new.login(token, userId, options);
  }

  /** The user's sessions, the latest first. */
  async list(userId: string): Promise<Device[]> {
    return this.#users.list(userId);
  }

  /** How many sessions the user has. */
  async count(userId: string): Promise<number> {
    return this.#users.count(userId);
  }

  /** Ends one session of a user by its handle. @returns False where the user has none of that handle. */
  async revoke(userId: string, handle: string): Promise<boolean> {
    return this.#users.revoke(userId, handle);
  }

  /** Ends all sessions of a user. @returns How many. */
  async revokeAll(userId: string): Promise<number> {
    return this.#users.revokeAll(userId);
  }

  /** Ends all sessions of the user but this one. @returns How many; null where this one is over itself. */
  async revokeOthers(token: string): Promise<number | null> {
    return this.#users.revokeOthers(token);
  }

  /**
   * How many sessions live, to within those that ended since somebody looked. Known where `expiryEvents` is on.
   *
   * @throws SessionError `NOT_WATCHED` where it is not.
   */
  async live(): Promise<number> {
    return this.#news.live();
  }

  /** Stops looking for sessions that expired. The connection stays open: it is whose it was. */
  async close(): Promise<void> {
    await this.#news.close();
  }
}

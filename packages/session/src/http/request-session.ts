import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Duration, UnavailableError } from '@redis-functions/core';
import { SessionError } from '../errors.js';
import type { CreatedSession, Device, DeviceInfo, Session, SessionData } from '../session.js';
import type { AppendOptions } from '../session-changes.js';
import type { RotateOptions, SessionService } from '../session-service.js';
import { apply, Changes, type RequestChanges, toPatch } from './changes.js';
import { HeldResponse } from './held-response.js';
import { Operations } from './operations.js';
import type { HttpConfiguration } from './options.js';
import type { HttpPlatform } from './platform.js';
import { SessionCookie } from './session-cookie.js';

/** A device of the visitor's, and whether this request came from it. */
export interface OwnDevice extends Device {
  readonly current: boolean;
}

/** What a page tells the next one is data like any other. */
const FLASH = 'flash:';

/**
 * The session of one request. Nothing is asked of Redis until something is asked of it. What the request changes is
 * written as one patch when it answers, and the answer waits for it: a client that has the answer has the change. Should
 * the patch fail, the answer is dropped and the error goes to the error handlers.
 *
 * Operations run one after the other, also those that nobody awaits; the answer waits for those too, and for the error of
 * one that nobody awaits there is no answer but that error.
 */
export class RequestSession {
  // what a request that never looks does not need is made when it is: each has one of these
  readonly #sessions: Sessions;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #failed: (error: unknown) => void;
  #cookieRead: SessionCookie | undefined;
  #changesMade: Changes | undefined;
  #found: Promise<Session | null> | undefined;
  #held: HeldResponse | undefined;
  #operationsRun: Operations | undefined;
  #touches = true;

  /** @param failed Told what kept an answer back that had been given already: nothing of it has been sent. */
  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    sessions: Sessions,
    failed: (error: unknown) => void,
  ) {
    this.#sessions = sessions;
    this.#request = request;
    this.#response = response;
    this.#failed = failed;
  }

  /**
   * The session, with what this request has changed so far; null for a visitor without one. Asked once per request.
   *
   * @throws UnavailableError when Redis is away, unless `onUnavailable` is `anonymous`.
   */
  load(): Promise<Session | null> {
    const operations = this.#operationsRun;
    const found = operations?.areUnderWay ? operations.after(() => this.#find()) : this.#find();
    return handled(this.#shown(found));
  }

  /**
   * The session; a visitor without one gets a guest's, with these data.
   *
   * @throws UnavailableError, also where `onUnavailable` is `anonymous`: a new session would take the place of one that
   *   cannot be seen. SessionError `INVALID_SESSION_DATA`, `SESSION_TOO_LARGE`.
   */
  start(data: SessionData = {}): Promise<Session> {
    return this.#inOrder(async () => this.#withChanges((await this.#find()) ?? (await this.#create(data))));
  }

  /**
   * Sets some keys of the data, and removes those that are `undefined`. A visitor without a session gets a guest's at
   * once; for others it is written when the request answers, or now where it has begun to.
   *
   * @throws SessionError and UnavailableError as `start`.
   */
  set(changes: RequestChanges): Promise<Session> {
    return this.#inOrder(async () => {
      const { set, remove } = toPatch(changes);
      this.#service.assertChanges(set, remove);
      const session = await this.#find();
      if (!session) return this.#create(set);
      this.#changes.add(changes);
      if (this.#response.headersSent) await this.#write();
      return this.#withChanges(session);
    });
  }

  /**
   * Writes what `set` has changed now, for a handler that must know before it goes on.
   *
   * @throws SessionError `SESSION_GONE` where the session was ended meanwhile, which no write brings back;
   *   `SESSION_TOO_LARGE`; UnavailableError.
   */
  save(): Promise<void> {
    return this.#inOrder(() => this.#write());
  }

  /**
   * Makes the visitor a user, under a new token. What a guest's session had goes along; the old token opens nothing.
   *
   * @throws SessionError `SESSION_LIMIT` and as `start`.
   */
  login(userId: string, data: SessionData = {}): Promise<Session> {
    return this.#inOrder(async () => {
      this.#assertCookieCanBeSent();
      await this.#write().catch(ignoreGone);
      const device = this.#device();
      return this.#open(await this.#service.login(this.#cookie.token ?? null, userId, { data, device }));
    });
  }

  /** Ends the session, for good. @returns False for a visitor without one. @throws UnavailableError. */
  logout(): Promise<boolean> {
    return this.#inOrder(() => this.#logout());
  }

  /**
   * Gives the session a new token, and the visitor a cookie with it. Other requests that are under way with the old one
   * are served for the grace, and given the same new one. With `grace: 0`, for a session that may do more from now on,
   * they are not.
   *
   * @returns False for a visitor without a session. @throws UnavailableError.
   */
  rotate(options: RotateOptions = {}): Promise<boolean> {
    return this.#inOrder(async () => {
      const { token } = this.#cookie;
      if (token === undefined) return false;
      this.#assertCookieCanBeSent();
      const next = await this.#service.rotate(token, options);
      if (next === null) this.#found = Promise.resolve(null);
      else if (next !== token) this.#setCookie(next);
      return next !== null;
    });
  }

  /**
   * Adds to a whole number of the data, at once and in the server: of two requests that add, none is lost.
   *
   * @returns The sum. @throws SessionError `NOT_A_NUMBER`, `SESSION_GONE` and as `start`.
   */
  increment(key: string, by = 1): Promise<number> {
    return this.#inOrder(() => this.#change((token) => this.#service.increment(token, key, by)));
  }

  /**
   * Puts an item at the end of a list of the data, at once and in the server.
   *
   * @returns How many items the list has. @throws SessionError `NOT_A_LIST`, `LIST_FULL`, `SESSION_GONE` and as `start`.
   */
  append(key: string, item: unknown, options: AppendOptions = {}): Promise<number> {
    return this.#inOrder(() => this.#change((token) => this.#service.append(token, key, item, options)));
  }

  /** Reads and removes keys of the data in one step: of two requests that ask, one gets them. */
  pop(...keys: string[]): Promise<SessionData> {
    return this.#inOrder(() => this.#pop(keys));
  }

  /** Leaves a message for the next page that asks for messages of this kind. @throws As `append`. */
  flash(kind: string, message: unknown): Promise<void> {
    return this.#inOrder(async () => {
      await this.#change((token) => this.#service.append(token, `${FLASH}${kind}`, message));
    });
  }

  /** The messages of a kind, in their order; each is given once. */
  takeFlash(kind: string): Promise<readonly unknown[]> {
    return this.#inOrder(async () => {
      const key = `${FLASH}${kind}`;
      const messages = (await this.#pop([key]))[key];
      return Array.isArray(messages) ? messages : [];
    });
  }

  /** Whether the visitor has logged in within that time. False for guests and for visitors without a session. */
  isFresh(freshFor: Duration): Promise<boolean> {
    const isFresh = async () => {
      const session = await this.load();
      return session !== null && this.#service.isFresh(session, freshFor);
    };
    return handled(isFresh());
  }

  /** The sessions of the visitor who is logged in, the latest first; none for others. */
  devices(): Promise<OwnDevice[]> {
    const listed = async () => {
      const session = await this.load();
      if (!session || session.userId === null) return [];
      const devices = await this.#service.list(session.userId).catch((error) => {
        throw this.#toError(error);
      });
      return devices.map((device) => ({ ...device, current: device.handle === session.handle }));
    };
    return handled(listed());
  }

  /** Ends one of the visitor's sessions by its handle. @returns False where they have none of that handle. */
  revoke(handle: string): Promise<boolean> {
    return this.#inOrder(async () => {
      const session = await this.#find();
      if (!session || session.userId === null) return false;
      if (session.handle === handle) return this.#logout();
      return this.#service.revoke(session.userId, handle);
    });
  }

  /** Ends all sessions of the visitor but this one. @returns How many. */
  revokeOthers(): Promise<number> {
    return this.#inOrder(async () => {
      const { token } = this.#cookie;
      return (token !== undefined && (await this.#service.revokeOthers(token))) || 0;
    });
  }

  /** Call it before the session is asked for: it does not live longer for this request, which a page makes by itself. */
  noTouch(): void {
    this.#touches = false;
  }

  async #logout(): Promise<boolean> {
    const { token } = this.#cookie;
    if (token === undefined) return false;
    this.#changes.take();
    const ended = await this.#service.destroy(token);
    this.#cookie.clear();
    this.#found = Promise.resolve(null);
    return ended;
  }

  #toError(error: unknown): unknown {
    return this.#platform.toError(error, this.#response);
  }

  async #pop(keys: readonly string[]): Promise<SessionData> {
    await this.#write();
    const { token } = this.#cookie;
    if (token === undefined) return {};
    const popped = await this.#service.pop(token, ...keys);
    this.#found = popped === null ? Promise.resolve(null) : undefined;
    return popped ?? {};
  }

  async #shown(found: Promise<Session | null>): Promise<Session | null> {
    try {
      return this.#withChanges(await found);
    } catch (error) {
      if (this.#sessions.config.onUnavailable === 'anonymous' && error instanceof UnavailableError) return null;
      throw this.#toError(error);
    }
  }

  get #service(): SessionService {
    return this.#sessions.service;
  }

  get #platform(): HttpPlatform {
    return this.#sessions.platform;
  }

  get #cookie(): SessionCookie {
    const { config, platform } = this.#sessions;
    this.#cookieRead ??= new SessionCookie(this.#request, this.#response, config.cookie, platform);
    return this.#cookieRead;
  }

  get #changes(): Changes {
    this.#changesMade ??= new Changes();
    return this.#changesMade;
  }

  get #isUnchanged(): boolean {
    return this.#changesMade === undefined || this.#changesMade.isEmpty;
  }

  #find(): Promise<Session | null> {
    this.#found ??= this.#lookUp();
    return this.#found;
  }

  async #lookUp(): Promise<Session | null> {
    const { token } = this.#cookie;
    if (token === undefined) return null;
    const session = await this.#service.get(token, { touch: this.#touches });
    const next = session?.successor ?? (session && this.#cookie.isSignedByOldSecret ? token : undefined);
    // one that comes too late for this response is given with the next
    if (next !== undefined && !this.#response.headersSent) this.#setCookie(next);
    return session;
  }

  #setCookie(token: string): void {
    this.#hold();
    this.#cookie.set(token, this.#service.absoluteMs);
  }

  #hold(): void {
    this.#held ??= new HeldResponse(this.#response, {
      work: () => (this.#isDone ? undefined : this.#finish()),
      head: () => this.#cookie.send(),
      failed: (error) => this.#failed(this.#toError(error)),
    });
  }

  async #create(data: SessionData): Promise<Session> {
    this.#assertCookieCanBeSent();
    return this.#open(await this.#service.create(null, data, this.#device()));
  }

  #open({ token, session }: CreatedSession): Session {
    this.#setCookie(token);
    this.#found = Promise.resolve(session);
    return session;
  }

  #device(): DeviceInfo {
    const ip = this.#platform.addressOf(this.#request);
    const userAgent = this.#request.headers['user-agent'];
    return { ...(ip !== undefined && { ip }), ...(userAgent !== undefined && { userAgent }) };
  }

  #withChanges<S extends Session | null>(session: S): S {
    if (!session || this.#isUnchanged) return session;
    return { ...session, data: this.#changes.appliedTo(session.data) };
  }

  async #write(): Promise<void> {
    if (this.#isUnchanged) return;
    const patch = this.#changes.take();
    const session = await this.#find();
    const { token } = this.#cookie;
    const version = session && token !== undefined ? await this.#service.patch(token, patch.set, patch) : null;
    if (!session || version === null) throw this.#gone();
    this.#found = Promise.resolve({ ...session, data: apply(patch, session.data), version });
  }

  /** A change that the server makes. A visitor without a session gets a guest's for it. */
  async #change<T>(change: (token: string) => Promise<T | null>): Promise<T> {
    await this.#write();
    const { token } = this.#cookie;
    const before = this.#found && (await this.#found);
    if (token !== undefined && before !== null) {
      const result = await change(token);
      // whoever looks again asks again: what was read is not what is there any more
      this.#found = undefined;
      if (result !== null) return result;
      if (before) throw this.#gone();
    }
    await this.#create({});
    const result = await change(String(this.#cookie.token));
    this.#found = undefined;
    if (result === null) throw this.#gone();
    return result;
  }

  /** The cookie stays: another request may have replaced it meanwhile, and this one opens nothing. */
  #gone(): SessionError {
    this.#found = Promise.resolve(null);
    return new SessionError(
      'SESSION_GONE',
      'The session was ended meanwhile, and no write brings it back. Start anew.',
    );
  }

  #assertCookieCanBeSent(): void {
    if (!this.#response.headersSent) return;
    throw new SessionError(
      'RESPONSE_STARTED',
      'The response has begun, and a new session needs its head for the cookie. Start sessions before answering.',
    );
  }

  #inOrder<T>(work: () => Promise<T>): Promise<T> {
    this.#hold();
    this.#operationsRun ??= new Operations();
    return this.#operationsRun.run(() =>
      work().catch((error) => {
        throw this.#toError(error);
      }),
    );
  }

  get #isDone(): boolean {
    return this.#isUnchanged && (this.#operationsRun?.areDone ?? true);
  }

  async #finish(): Promise<void> {
    await this.#operationsRun?.finish();
    await this.#write();
  }
}

/** What all requests have in common. */
export interface Sessions {
  readonly service: SessionService;
  readonly config: HttpConfiguration;
  readonly platform: HttpPlatform;
}

function ignoreGone(error: unknown): void {
  if (!(error instanceof SessionError) || error.code !== 'SESSION_GONE') throw error;
}

/** One that nobody awaits must not end the process. */
function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}

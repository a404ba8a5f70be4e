import { UnavailableError } from '@redis-functions/core';
import type { CreatedSession, DeviceInfo, Session, SessionData, SessionService } from '@redis-functions/session';
import { SessionError } from '@redis-functions/session';
import type { NextFunction, Request, Response } from 'express';
import { apply, Changes, type SessionChanges, toPatch } from './changes.js';
import { SessionCookie } from './cookie.js';
import { forExpress } from './errors.js';
import { HeldResponse } from './held-response.js';
import { Operation } from './operation.js';
import type { Configuration } from './options.js';

/**
 * The session of one request. Nothing is asked of Redis until something is asked of it. What the request changes is
 * written as one patch when it answers, and the answer waits for it: a client that has the answer has the change. Should
 * the patch fail, the answer is dropped and the error goes to the error handlers.
 *
 * Operations run one after the other, also those that nobody awaits; the answer waits for those too, and for the error of
 * one that nobody awaits there is no answer but that error.
 */
export class RequestSession {
  readonly #service: SessionService;
  readonly #anonymousWhenAway: boolean;
  readonly #request: Request;
  readonly #response: Response;
  readonly #next: NextFunction;
  readonly #cookie: SessionCookie;
  readonly #changes = new Changes();
  #found: Promise<Session | null> | undefined;
  #held: HeldResponse | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #unfinished = 0;
  /** Of operations that nobody waits for, or that were still under way when the request answered. */
  #failures: Failure[] = [];
  #answering = false;

  constructor(request: Request, response: Response, next: NextFunction, config: Configuration) {
    this.#service = config.service;
    this.#anonymousWhenAway = config.onUnavailable === 'anonymous';
    this.#request = request;
    this.#response = response;
    this.#next = next;
    this.#cookie = new SessionCookie(request, response, config);
  }

  /**
   * The session, with what this request has changed so far; null for a visitor without one. Asked once per request.
   *
   * @throws UnavailableError when Redis is away, unless `onUnavailable` is `anonymous`.
   */
  load(): Promise<Session | null> {
    return handled(
      this.#last
        .then(() => this.#find())
        .then(
          (session) => this.#withChanges(session),
          (error) => {
            if (this.#anonymousWhenAway && error instanceof UnavailableError) return null;
            throw forExpress(error);
          },
        ),
    );
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
  set(changes: SessionChanges): Promise<Session> {
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
      const device = deviceOf(this.#request);
      return this.#open(await this.#service.login(this.#cookie.token ?? null, userId, { data, device }));
    });
  }

  /** Ends the session, for good. @returns False for a visitor without one. @throws UnavailableError. */
  logout(): Promise<boolean> {
    return this.#inOrder(async () => {
      const { token } = this.#cookie;
      if (token === undefined) return false;
      this.#changes.take();
      const ended = await this.#service.destroy(token);
      this.#cookie.clear();
      this.#found = Promise.resolve(null);
      return ended;
    });
  }

  #find(): Promise<Session | null> {
    const { token } = this.#cookie;
    this.#found ??= token === undefined ? Promise.resolve(null) : this.#service.get(token);
    return this.#found;
  }

  async #create(data: SessionData): Promise<Session> {
    this.#assertCookieCanBeSent();
    return this.#open(await this.#service.create(null, data, deviceOf(this.#request)));
  }

  #open({ token, session }: CreatedSession): Session {
    this.#cookie.set(token);
    this.#found = Promise.resolve(session);
    return session;
  }

  #withChanges<S extends Session | null>(session: S): S {
    if (!session || this.#changes.isEmpty) return session;
    return { ...session, data: this.#changes.appliedTo(session.data) };
  }

  async #write(): Promise<void> {
    if (this.#changes.isEmpty) return;
    const patch = this.#changes.take();
    const { token } = this.#cookie;
    const session = await this.#find();
    const version = session && token !== undefined ? await this.#service.patch(token, patch.set, patch) : null;
    if (!session || version === null) {
      // the cookie stays: another request may have replaced it meanwhile, and this one opens nothing
      this.#found = Promise.resolve(null);
      throw new SessionError(
        'SESSION_GONE',
        'The session was ended meanwhile, and no write brings it back. Start anew.',
      );
    }
    this.#found = Promise.resolve({ ...session, data: apply(patch, session.data), version });
  }

  #assertCookieCanBeSent(): void {
    if (!this.#response.headersSent) return;
    throw new SessionError(
      'RESPONSE_STARTED',
      'The response has begun, and a new session needs its head for the cookie. Start sessions before answering.',
    );
  }

  #inOrder<T>(work: () => Promise<T>): Promise<T> {
    this.#held ??= new HeldResponse(this.#response, {
      work: () => (this.#isDone ? undefined : this.#finish()),
      head: () => this.#cookie.send(),
      failed: (error) => this.#next(forExpress(error)),
    });
    this.#unfinished += 1;
    const result = this.#last.then(work).catch((error) => {
      throw forExpress(error);
    });
    const operation = Operation.of(result);
    this.#last = result.then(
      () => {
        this.#unfinished -= 1;
      },
      (error) => {
        this.#unfinished -= 1;
        this.#failures.push({ error, operation, isLate: this.#answering });
      },
    );
    return operation;
  }

  get #isDone(): boolean {
    return this.#unfinished === 0 && this.#changes.isEmpty && !this.#failures.some(isUnheard);
  }

  async #finish(): Promise<void> {
    this.#answering = true;
    await this.#last;
    const unheard = this.#failures.find(isUnheard);
    this.#failures = [];
    if (unheard) throw unheard.error;
    await this.#write();
  }
}

interface Failure {
  readonly error: unknown;
  readonly operation: Operation<unknown>;
  /** The handler had answered already: whoever hears of it can say nothing else any more. */
  readonly isLate: boolean;
}

function isUnheard({ operation, isLate }: Failure): boolean {
  return isLate || !operation.isAwaited;
}

function ignoreGone(error: unknown): void {
  if (!(error instanceof SessionError) || error.code !== 'SESSION_GONE') throw error;
}

function deviceOf({ ip, headers }: Request): DeviceInfo {
  const userAgent = headers['user-agent'];
  return { ...(ip !== undefined && { ip }), ...(userAgent !== undefined && { userAgent }) };
}

/** One that nobody awaits must not end the process. */
function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}

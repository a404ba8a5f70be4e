import { UnavailableError } from '@redis-functions/core';
import type { CreatedSession, DeviceInfo, Session, SessionData, SessionService } from '@redis-functions/session';
import { SessionError } from '@redis-functions/session';
import type { SessionCookie } from './cookie.js';

/**
 * The session of one request. Nothing is asked of Redis until something is asked of it, and everything that it changes has
 * been changed when its promise resolves: the response can go out at any time after.
 */
export class RequestSession {
  readonly #service: SessionService;
  readonly #cookie: SessionCookie;
  readonly #device: () => DeviceInfo;
  readonly #anonymousWhenAway: boolean;
  #token: string | undefined;
  #loading: Promise<Session | null> | undefined;

  constructor(
    service: SessionService,
    cookie: SessionCookie,
    device: () => DeviceInfo,
    { onUnavailable }: { onUnavailable: 'deny' | 'anonymous' },
  ) {
    this.#service = service;
    this.#cookie = cookie;
    this.#device = device;
    this.#anonymousWhenAway = onUnavailable === 'anonymous';
    this.#token = cookie.read();
  }

  /**
   * The session, or null for a visitor without one. Asked once per request.
   *
   * @throws UnavailableError when Redis is away, unless `onUnavailable` is `anonymous`.
   */
  load(): Promise<Session | null> {
    this.#loading ??= this.#read();
    return this.#loading;
  }

  /** The session; a visitor without one gets a guest's, with these data. */
  async start(data: SessionData = {}): Promise<Session> {
    const session = await this.load();
    return session ?? this.#open(await this.#service.create(null, data, this.#device()));
  }

  /**
   * Sets some keys of the data, and removes those that are `undefined`. A visitor without a session gets a guest's.
   *
   * @throws SessionError `INVALID_SESSION_DATA`, `SESSION_GONE` where the session was ended meanwhile: nothing brings it back.
   */
  async set(changes: Readonly<Record<string, unknown>>): Promise<Session> {
    const entries = Object.entries(changes);
    const kept = Object.fromEntries(entries.filter(([, value]) => value !== undefined));
    const remove = entries.filter(([, value]) => value === undefined).map(([key]) => key);
    const session = await this.load();
    if (!session) return this.start(kept);
    const version = await this.#service.patch(this.#token as string, kept, { remove });
    if (version === null) {
      this.#forget();
      throw new SessionError('SESSION_GONE', 'The session was ended meanwhile. Start a new one.');
    }
    const data = Object.fromEntries(
      Object.entries({ ...session.data, ...kept }).filter(([key]) => !remove.includes(key)),
    );
    return this.#remember({ ...session, data, version });
  }

  /** Makes the visitor a user: a new token, and what a guest's session had goes along. The old token opens nothing. */
  async login(userId: string, data: SessionData = {}): Promise<Session> {
    const created = await this.#service.login(this.#token ?? null, userId, { data, device: this.#device() });
    return this.#open(created);
  }

  /** Ends the session, for good. @returns False for a visitor without one. */
  async logout(): Promise<boolean> {
    const token = this.#token;
    if (token === undefined) return false;
    const ended = await this.#service.destroy(token);
    this.#forget();
    return ended;
  }

  async #read(): Promise<Session | null> {
    if (this.#token === undefined) return null;
    try {
      return await this.#service.get(this.#token);
    } catch (error) {
      if (this.#anonymousWhenAway && error instanceof UnavailableError) return null;
      // the next one who asks tries again
      this.#loading = undefined;
      throw error;
    }
  }

  #open({ token, session }: CreatedSession): Session {
    this.#token = token;
    this.#cookie.set(token);
    return this.#remember(session);
  }

  #forget(): void {
    this.#token = undefined;
    this.#cookie.clear();
    this.#loading = Promise.resolve(null);
  }

  #remember(session: Session): Session {
    this.#loading = Promise.resolve(session);
    return session;
  }
}

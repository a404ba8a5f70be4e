import { randomBytes } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { type Handle, InvalidArgumentError, RedisFunctions } from '@redis-functions/core';
import { expressSessionLibrary, SessionError, type StoredFields } from '@redis-functions/session';
import { keyOnEveryServer } from './every-server.js';
import { type BaseStore, isOfRequest, loadBaseStore, type StoredSession } from './express-session.js';
import { changesOf, digestOf, keyOf, SessionFields } from './fields.js';
import {
  resolveStoreOptions,
  type SessionSerializer,
  type SessionStoreOptions,
  type StoreConfiguration,
} from './options.js';

const DEFAULT_URL = 'redis://localhost:6379';
/** The same for all sessions of connect-redis: who has read an older text of one writes to it all the same. */
const BORN_ELSEWHERE = 'connect-redis';
/** A text that is another one each time comes from another process that writes without pause. */
const MOST_ATTEMPTS = 10;
/** So many sessions are read at a time where all are asked for. */
const READ_AT_ONCE = 100;

/** `never` for sessions: their type is for the application to say, to express-session. */
export type StoreCallback<T = void> = (error?: unknown, result?: T) => void;

/** What a request knows of the session that it was given. */
interface Base {
  readonly birth: string;
  /** Of the text that it is as yet, where connect-redis has written it. */
  readonly digest: string;
  /** Field → what a change of it shows in. */
  readonly marks: StoredFields;
}

/**
 * Store for express-session: `session({ store: new SessionStore({ client }), … })`, with the options of connect-redis. It
 * writes what a request has changed since it read the session, and nothing else, so that of requests at the same time none
 * undoes what another did. A session that was ended is not brought back by a request that began before: its changes are
 * dropped, and the event `gone` says so.
 *
 * Methods take a callback, or return a promise without one. Sessions of connect-redis are read, and become this store's
 * when they are first changed; connect-redis cannot read them any more then.
 */
export class SessionStore extends EventEmitter {
  /** As given, for whoever expects it where connect-redis has it. */
  readonly client: unknown;
  readonly prefix: string;
  readonly scanCount: number;
  readonly serializer: SessionSerializer;
  readonly ttl: StoreConfiguration['ttl'];
  readonly disableTTL: boolean;
  readonly disableTouch: boolean;
  readonly #functions: RedisFunctions;
  readonly #library: Handle<(typeof expressSessionLibrary)['functions']>;
  readonly #fields: SessionFields;
  readonly #bases = new WeakMap<object, Base>();
  readonly #base: BaseStore;
  readonly #close: () => Promise<void>;

  /** @throws InvalidArgumentError that names the option. */
  constructor(options: SessionStoreOptions = {}) {
    super();
    this.#base = loadBaseStore();
    const config = resolveStoreOptions(options);
    this.prefix = config.prefix;
    this.scanCount = config.scanCount;
    this.serializer = config.serializer;
    this.ttl = config.ttl;
    this.disableTTL = config.disableTTL;
    this.disableTouch = config.disableTouch;
    this.client = options.client;
    this.#functions = openFunctions(options);
    this.#close = options.functions ? async () => {} : () => this.#functions.close();
    this.#library = this.#functions.use(expressSessionLibrary, { deadlineMs: config.deadlineMs });
    this.#fields = new SessionFields(config.serializer);
  }

  /** The session; null where there is none. One round trip, and nothing is written. */
  get(sid: string, callback?: StoreCallback<never>): Promise<StoredSession | null> {
    return answered(this.#get(sid), callback);
  }

  /**
   * Writes what has changed since the session was read; all of one that was made elsewhere, in the place of whatever is
   * there. One that was ended meanwhile stays so.
   */
  set(sid: string, session: StoredSession, callback?: StoreCallback): Promise<void> {
    return answered(this.#set(sid, session), callback);
  }

  /** The session lives on, to the end that its cookie says. */
  touch(sid: string, session: StoredSession, callback?: StoreCallback): Promise<void> {
    return answered(this.#touch(sid, session), callback);
  }

  destroy(sid: string, callback?: StoreCallback): Promise<void> {
    return answered(this.#library.destroy(this.prefix + sid), callback);
  }

  /** Ends all sessions, on every server. */
  clear(callback?: StoreCallback): Promise<void> {
    return answered(this.#clear(), callback);
  }

  length(callback?: StoreCallback<number>): Promise<number> {
    return answered(
      this.#ids().then(({ length }) => length),
      callback,
    );
  }

  /** Ids of all sessions, of every server. */
  ids(callback?: StoreCallback<string[]>): Promise<string[]> {
    return answered(this.#ids(), callback);
  }

  /** All sessions, each with its `id`. */
  all(callback?: StoreCallback<never>): Promise<(StoredSession & { id: string })[]> {
    return answered(this.#all(), callback);
  }

  /** Closes the connection that this store opened; one that was given stays open. */
  close(): Promise<void> {
    return this.#close();
  }

  /** Part of what express-session asks of stores: ends the session, and begins another in its place. */
  regenerate(request: unknown, callback: (error?: unknown) => unknown): void {
    this.#base.regenerate.call(this, request, callback);
  }

  /** Part of what express-session asks of stores. */
  load(sid: string, callback: (error: unknown, session?: never) => unknown): void {
    this.#base.load.call(this, sid, callback);
  }

  /**
   * Part of what express-session asks of stores: makes of what was read the session of a request, whose type is for
   * express-session to say.
   */
  createSession(request: unknown, data: StoredSession): never {
    const base = this.#bases.get(data);
    const session = this.#base.createSession.call(this, request, data);
    if (base) {
      // what a session has no place for, such as a key called __proto__, is not missed when it is written
      const marks = [...base.marks].filter(([field]) => Object.hasOwn(session, keyOf(field)));
      this.#bases.set(session, { ...base, marks: new Map(marks) });
    }
    return session as never;
  }

  async #get(sid: string): Promise<StoredSession | null> {
    const reply = await this.#library.get(this.prefix + sid);
    if (reply.code === 'GONE') return null;
    if (reply.code === 'TEXT') {
      const data = await this.#fields.parseText(reply.text);
      this.#bases.set(data, {
        birth: BORN_ELSEWHERE,
        digest: digestOf(reply.text),
        marks: this.#fields.marksOf(data, this.#fields.of(data)),
      });
      return data;
    }
    const data = await this.#fields.parse(reply.fields);
    this.#bases.set(data, { birth: reply.birth, digest: '', marks: this.#fields.marksOf(data, reply.fields) });
    return data;
  }

  async #set(sid: string, session: StoredSession): Promise<void> {
    const ttlMs = this.#ttlMs(session);
    if (ttlMs < 0) return this.#library.destroy(this.prefix + sid);
    const fields = this.#fields.of(session);
    const marks = this.#fields.marksOf(session, fields);
    const base = this.#bases.get(session);
    const birth = base ? await this.#patch(sid, base, fields, marks, ttlMs) : await this.#put(sid, fields, ttlMs);
    if (birth === undefined) this.emit('gone');
    // saved once more in the same request, it has changed since now; what is no request's is whole each time
    else if (isOfRequest(session)) this.#bases.set(session, { birth, digest: '', marks });
  }

  async #put(sid: string, fields: StoredFields, ttlMs: number): Promise<string> {
    return this.#library.put(this.prefix + sid, randomBytes(16).toString('base64url'), ttlMs, fields);
  }

  /** Undefined where the session was ended. */
  async #patch(sid: string, base: Base, fields: StoredFields, marks: StoredFields, ttlMs: number) {
    const { set, rest, remove } = changesOf(fields, marks, base.marks);
    let [birth, digest] = [base.birth, base.digest];
    let others: StoredFields = digest === '' ? new Map() : rest;
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
      const patch = { birth, digest, ttlMs, set, remove, rest: others };
      const reply = await this.#library.patch(this.prefix + sid, patch);
      if (reply.code === 'GONE') return undefined;
      if (reply.code === 'OK') return birth;
      // a process with connect-redis has written meanwhile: what it wrote is what this changes
      [birth, digest] = [BORN_ELSEWHERE, digestOf(reply.text)];
      const all = this.#fields.of(await this.#fields.parseText(reply.text));
      others = new Map([...all].filter(([field]) => !set.has(field) && !remove.includes(field)));
    }
    throw new SessionError(
      'VERSION_CONFLICT',
      'Processes with connect-redis write the session without pause, and nothing was changed. Try again.',
    );
  }

  async #touch(sid: string, session: StoredSession): Promise<void> {
    if (this.disableTouch || this.disableTTL) return;
    const ttlMs = this.#ttlMs(session);
    if (ttlMs < 0) return this.#library.destroy(this.prefix + sid);
    // a cookie without a length of life has the end that it was given
    const rolls = typeof session.cookie?.originalMaxAge === 'number';
    const cookie = rolls ? (this.#fields.of({ cookie: session.cookie } as StoredSession).get('c') ?? '') : '';
    await this.#library.touch(this.prefix + sid, this.#bases.get(session)?.birth ?? '', ttlMs, cookie);
  }

  async #clear(): Promise<void> {
    const keys = await this.#keys();
    for (const part of inParts(keys, READ_AT_ONCE)) {
      await Promise.all(part.map((key) => this.#library.destroy(key)));
    }
  }

  async #ids(): Promise<string[]> {
    return (await this.#keys()).map((key) => key.slice(this.prefix.length));
  }

  async #all(): Promise<(StoredSession & { id: string })[]> {
    const sessions: (StoredSession & { id: string })[] = [];
    for (const part of inParts(await this.#ids(), READ_AT_ONCE)) {
      const found = await Promise.all(part.map((sid) => this.#get(sid)));
      for (const [i, data] of found.entries()) if (data) sessions.push(Object.assign(data, { id: String(part[i]) }));
    }
    return sessions;
  }

  async #keys(): Promise<string[]> {
    const pattern = `${this.prefix.replace(/[\\*?[\]]/g, '\\$&')}*`;
    const keys = new Set<string>();
    for (const place of await keyOnEveryServer(this.#functions)) {
      let cursor = '0';
      do {
        const page = await this.#library.scan(place, cursor, pattern, this.scanCount);
        for (const key of page.keys) keys.add(key);
        cursor = page.cursor;
      } while (cursor !== '0');
    }
    return [...keys];
  }

  /** 0 for ever, below 0 for one that is over. */
  #ttlMs(session: StoredSession): number {
    const ttlMs = this.#lifetimeMs(session);
    if (Number.isNaN(ttlMs)) {
      throw new SessionError(
        'INVALID_SESSION_DATA',
        'How long the session lives is not known: cookie.expires is no date, or ttl no number. Correct it.',
      );
    }
    if (ttlMs <= 0) return -1;
    return this.disableTTL ? 0 : Math.min(Math.ceil(ttlMs), Number.MAX_SAFE_INTEGER);
  }

  #lifetimeMs(session: StoredSession): number {
    if (typeof this.ttl === 'function') return this.ttl(session) * 1_000;
    const expires = session?.cookie?.expires;
    return expires ? Number(new Date(expires)) - Date.now() : this.ttl * 1_000;
  }
}

function openFunctions({ client, functions, url }: SessionStoreOptions): RedisFunctions {
  if ([client, functions, url].filter((given) => given !== undefined).length > 1) {
    throw new InvalidArgumentError('client', 'More than one of client, functions and url is given. Give one of them.');
  }
  if (functions !== undefined) return functions;
  // an empty REDIS_URL is one that was not set
  return new RedisFunctions(client ? { client } : { url: url ?? (process.env['REDIS_URL'] || DEFAULT_URL) });
}

function answered<T>(result: Promise<T>, callback: StoreCallback<T> | StoreCallback<never> | undefined): Promise<T> {
  if (!callback) return result;
  result.then(
    (value) => callback(null, value as never),
    (error) => callback(error),
  );
  return result.catch(() => undefined as never);
}

function inParts<T>(items: readonly T[], size: number): T[][] {
  const parts: T[][] = [];
  for (let i = 0; i < items.length; i += size) parts.push(items.slice(i, i + size));
  return parts;
}

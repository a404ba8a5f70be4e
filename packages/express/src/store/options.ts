import { InvalidArgumentError, type LibraryConnection } from '@redis-functions/core';
import type { StoredSession } from './express-session.js';

const TTL_S = 86_400;
const SCAN_COUNT = 100;
const DEADLINE_MS = 1_000;

/** Turns a session into text and back. `parse` may be a promise. */
export interface SessionSerializer {
  parse(text: string): StoredSession | Promise<StoredSession>;
  stringify(session: StoredSession): string;
}

/** The options of connect-redis, with the same meaning, and where else the server may be. */
export interface SessionStoreOptions extends LibraryConnection {
  /** `redis://` or `rediss://`: a connection of its own, closed by `close()`. Default: REDIS_URL, else localhost:6379. */
  url?: string;
  /** What the key of a session begins with; its id follows. Default: `sess:`. */
  prefix?: string;
  /**
   * Seconds that a session lives whose cookie says no end, or a function of the session. 0 or less ends it. Default: one
   * day.
   */
  ttl?: number | ((session: StoredSession) => number);
  /** Lets sessions live on only where they are changed. Default: false. */
  disableTouch?: boolean;
  /** Keeps sessions for ever. Default: false. */
  disableTTL?: boolean;
  /** Default: `JSON`. With another one, it is given one key of the data at a time, as `{ [key]: value }`. */
  serializer?: SessionSerializer;
  /** Keys that a look through all sessions asks for at a time. Default: 100. */
  scanCount?: number;
  /** Milliseconds a session may be waited for; 0 for no deadline. Default: 1000. */
  deadlineMs?: number;
}

const KNOWN: readonly string[] = [
  'client',
  'functions',
  'url',
  'prefix',
  'ttl',
  'disableTouch',
  'disableTTL',
  'serializer',
  'scanCount',
  'deadlineMs',
] satisfies (keyof SessionStoreOptions)[];

/** The options as the store may trust them. */
export interface StoreConfiguration {
  readonly prefix: string;
  readonly ttl: number | ((session: StoredSession) => number);
  readonly disableTouch: boolean;
  readonly disableTTL: boolean;
  readonly serializer: SessionSerializer;
  readonly scanCount: number;
  readonly deadlineMs: number;
}

/** @throws InvalidArgumentError that names the option. */
export function resolveStoreOptions(options: SessionStoreOptions): StoreConfiguration {
  const unknown = Object.keys(options).find((name) => !KNOWN.includes(name));
  if (unknown !== undefined) {
    throw new InvalidArgumentError(unknown, `There is no option "${unknown}". Choose from ${KNOWN.join(', ')}.`);
  }
  const { prefix = 'sess:', ttl = TTL_S, disableTouch = false, disableTTL = false } = options;
  const { serializer = JSON, scanCount = SCAN_COUNT, deadlineMs = DEADLINE_MS } = options;
  if (typeof prefix !== 'string') throw refused('prefix', 'Give a text.');
  if (typeof ttl !== 'function' && (typeof ttl !== 'number' || !Number.isFinite(ttl))) {
    throw refused('ttl', 'Give seconds, or a function that says how many.');
  }
  if (typeof serializer?.parse !== 'function' || typeof serializer.stringify !== 'function') {
    throw refused('serializer', 'Give an object with parse and stringify.');
  }
  if (!Number.isSafeInteger(scanCount) || scanCount < 1) throw refused('scanCount', 'Give a whole number from 1.');
  return { prefix, ttl, disableTouch, disableTTL, serializer, scanCount, deadlineMs };
}

function refused(field: string, remedy: string): InvalidArgumentError {
  return new InvalidArgumentError(field, `${field} is not possible. ${remedy}`);
}

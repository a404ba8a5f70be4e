import {
  type Duration,
  type Handle,
  InvalidArgumentError,
  type LibraryConnection,
  parseDuration,
  useLibrary,
} from '@redis-functions/core';
import { SessionKeys } from './keys.js';
import { sessionsLibrary } from './library.js';
import { type RoutingKeys, toRoutingKeys } from './routing-keys.js';

export interface SessionServiceOptions extends LibraryConnection {
  /**
   * Secret of at least 32 characters that turns user ids into the hash tags of their keys, the same in every instance:
   * without it nobody can tell from a cookie whose it is. Make one with
   * `node -p "crypto.randomBytes(32).toString('base64url')"`. To change it, give the new one and then the old one until
   * the last session of the old one is over: new sessions use the first, all are found (`maxSessions` counts per key).
   * Default: none in production (NODE_ENV), where it must be given; elsewhere one that everybody knows, and a warning.
   */
  routingKey?: string | readonly string[];
  /** First part of every key, and the namespace of user ids: 1 to 64 letters, digits, `.`, `_`, `:` or `-`. Default: `rf`. */
  prefix?: string;
  /** Milliseconds an operation may wait for Redis; 0 for no deadline. Default: that of `functions`, else 5000. */
  deadlineMs?: number;
  /**
   * How long a session lives without a request. Default: `30m`, the most that OWASP allows for low risk.
   * Source: OWASP Session Management Cheat Sheet, "Session Expiration"; ASVS 5.0 7.3.1.
   */
  idle?: Duration;
  /** How long a session lives at most. Default: `8h`. Source: as above, "Absolute Timeout"; ASVS 5.0 7.3.2. */
  absolute?: Duration;
  /** Sessions that a user may have at once; 0 for no limit. Exact, also for logins at the same moment. Default: 0. */
  maxSessions?: number;
  /**
   * What happens to one more: `reject` it, or end the oldest, or the one that would end first, because it was idle for
   * longest or is nearest to its absolute end. Default: `evict-idle`.
   */
  onMaxSessions?: 'reject' | 'evict-oldest' | 'evict-idle';
  /** Bytes of JSON and of its keys that a session may hold. Default: 65 536. */
  maxDataBytes?: number;
}

const KNOWN: readonly string[] = [
  'client',
  'functions',
  'routingKey',
  'prefix',
  'deadlineMs',
  'idle',
  'absolute',
  'maxSessions',
  'onMaxSessions',
  'maxDataBytes',
] satisfies (keyof SessionServiceOptions)[];

/** The options as the service may trust them. */
export interface Configuration {
  readonly library: Handle<(typeof sessionsLibrary)['functions']>;
  readonly keys: SessionKeys;
  readonly routingKeys: RoutingKeys;
  readonly namespace: string;
  readonly idleMs: number;
  readonly absoluteMs: number;
  readonly limit: number;
  readonly atLimit: 'reject' | 'evict-oldest' | 'evict-idle';
  readonly maxDataBytes: number;
}

/** @throws InvalidArgumentError that names the option. */
export function resolveOptions(options: SessionServiceOptions): Configuration {
  const { prefix = 'rf', idle = '30m', absolute = '8h', maxSessions = 0, maxDataBytes = 65_536 } = options;
  const { onMaxSessions = 'evict-idle' } = options;
  const unknown = Object.keys(options).find((name) => !KNOWN.includes(name));
  if (unknown !== undefined) {
    throw new InvalidArgumentError(unknown, `There is no option "${unknown}". Choose from ${KNOWN.join(', ')}.`);
  }
  if (typeof prefix !== 'string' || !/^[\w.:-]{1,64}$/.test(prefix)) {
    throw refused('prefix', 'Give 1 to 64 letters, digits, ".", "_", ":" or "-": a brace would move the hash tag.');
  }
  if (!Number.isSafeInteger(maxSessions) || maxSessions < 0) throw refused('maxSessions', 'Give 0 or a whole number.');
  if (!Number.isSafeInteger(maxDataBytes) || maxDataBytes < 1)
    throw refused('maxDataBytes', 'Give a whole number from 1.');
  if (!['reject', 'evict-oldest', 'evict-idle'].includes(onMaxSessions)) {
    throw refused('onMaxSessions', 'Give "reject", "evict-oldest" or "evict-idle".');
  }
  return {
    library: useLibrary(
      options,
      sessionsLibrary,
      options.deadlineMs === undefined ? {} : { deadlineMs: options.deadlineMs },
    ),
    keys: new SessionKeys(prefix),
    routingKeys: toRoutingKeys(options.routingKey),
    namespace: prefix,
    idleMs: parseDuration('idle', idle),
    absoluteMs: parseDuration('absolute', absolute),
    limit: maxSessions,
    atLimit: onMaxSessions,
    maxDataBytes,
  };
}

function refused(field: string, remedy: string): InvalidArgumentError {
  return new InvalidArgumentError(field, `${field} is not possible. ${remedy}`);
}

import {
  type Duration,
  type Handle,
  InvalidArgumentError,
  parseDuration,
  type RedisClient,
  RedisFunctions,
} from '@redis-functions/core';
import { SessionKeys } from './keys.js';
import { sessionsLibrary } from './library.js';

export interface SessionServiceOptions {
  /** A Redis client. You opened it, you close it. Give this or `functions`. */
  client?: RedisClient;
  /** Whose connection, mode and deploy policy to use; the library `sessions` joins it. Give this or `client`. */
  functions?: RedisFunctions;
  /**
   * Secret of at least 32 characters that turns user ids into the hash tags of their keys, the same in every instance:
   * without it nobody can tell from a cookie whose it is. Several: the first is used, the others still find their sessions.
   * Make one with `node -p "crypto.randomBytes(32).toString('base64url')"`.
   */
  routingKey: string | readonly string[];
  /** First part of every key, and the namespace of user ids. No braces, no white space. Default: `rf`. */
  prefix?: string;
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
   * What happens to one more: `reject` it, or end the oldest, or the one that was idle for longest. Default: `evict-idle`.
   */
  onMaxSessions?: 'reject' | 'evict-oldest' | 'evict-idle';
  /** Bytes of JSON that the data of a session may have in one call. Default: 65 536. */
  maxDataBytes?: number;
}

/** The options as the service may trust them. */
export interface Configuration {
  readonly library: Handle<(typeof sessionsLibrary)['functions']>;
  readonly keys: SessionKeys;
  readonly routingKeys: readonly [string, ...string[]];
  readonly namespace: string;
  readonly idleMs: number;
  readonly absoluteMs: number;
  /** A session is touched at most this often: a write per request would buy nothing. */
  readonly touchEveryMs: number;
  readonly limit: number;
  readonly atLimit: 'reject' | 'evict-oldest' | 'evict-idle';
  readonly maxDataBytes: number;
}

const SHORTEST_ROUTING_KEY = 32;
const TOUCH = { atMostMs: 60_000, ofIdle: 0.05 } as const;

/** @throws InvalidArgumentError that names the option. */
export function resolveOptions(options: SessionServiceOptions): Configuration {
  const { prefix = 'rf', idle = '30m', absolute = '8h', maxSessions = 0, maxDataBytes = 65_536 } = options;
  const { onMaxSessions = 'evict-idle' } = options;
  if (typeof prefix !== 'string' || !/^[^{}\s]{1,64}$/.test(prefix)) {
    throw refused('prefix', 'Give 1 to 64 characters without braces and white space: a brace would move the hash tag.');
  }
  if (!Number.isSafeInteger(maxSessions) || maxSessions < 0) throw refused('maxSessions', 'Give 0 or a whole number.');
  if (!Number.isSafeInteger(maxDataBytes) || maxDataBytes < 1)
    throw refused('maxDataBytes', 'Give a whole number from 1.');
  if (!['reject', 'evict-oldest', 'evict-idle'].includes(onMaxSessions)) {
    throw refused('onMaxSessions', 'Give "reject", "evict-oldest" or "evict-idle".');
  }
  const idleMs = parseDuration('idle', idle);
  return {
    library: connect(options),
    keys: new SessionKeys(prefix),
    routingKeys: toRoutingKeys(options.routingKey),
    namespace: prefix,
    idleMs,
    absoluteMs: parseDuration('absolute', absolute),
    touchEveryMs: Math.min(TOUCH.atMostMs, Math.floor(idleMs * TOUCH.ofIdle)),
    limit: maxSessions,
    atLimit: onMaxSessions,
    maxDataBytes,
  };
}

function connect({ client, functions }: SessionServiceOptions): Configuration['library'] {
  if (functions !== undefined && client === undefined) return functions.use(sessionsLibrary);
  // without a client of ours there is nothing to close
  if (client !== undefined && functions === undefined) return new RedisFunctions({ client }).use(sessionsLibrary);
  throw new InvalidArgumentError('client', 'Neither or both of client and functions are given. Give one of them.');
}

function toRoutingKeys(routingKey: string | readonly string[]): readonly [string, ...string[]] {
  const [first, ...others] = typeof routingKey === 'string' ? [routingKey] : (routingKey ?? []);
  for (const key of [first, ...others]) {
    if (typeof key === 'string' && key.length >= SHORTEST_ROUTING_KEY) continue;
    throw refused(
      'routingKey',
      `Give at least ${SHORTEST_ROUTING_KEY} random characters, the same in every instance: ` +
        `node -p "crypto.randomBytes(32).toString('base64url')".`,
    );
  }
  return [first as string, ...others];
}

// never with the value: the routing key is a secret
function refused(field: string, remedy: string): InvalidArgumentError {
  return new InvalidArgumentError(field, `${field} is missing or not possible. ${remedy}`);
}

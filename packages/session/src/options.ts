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
import { PRESETS, type Preset, type Timeouts } from './presets.js';
import { type RoutingKeys, toRoutingKeys } from './routing-keys.js';

/** A page waits so long at most for whoever it is for, when Redis does not answer. */
const DEADLINE_MS = 1_000;
const LOOK_EVERY_MS = 10_000;
/** What a timer of Node can wait. */
const LONGEST_TIMER_MS = 2_147_483_647;

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
  /** Milliseconds an operation may wait for Redis; 0 for no deadline. Default: 1000. */
  deadlineMs?: number;
  /**
   * Timeouts by name, of which `idle` and `absolute` may change one: `owaspHighValue` (5m, 4h), `owaspLowRisk` (30m, 8h),
   * `nistAal1` (30d), `nistAal2` (1h, 24h), `nistAal3` (15m, 12h). Default: `owaspLowRisk`.
   */
  preset?: Preset;
  /** How long a session lives without a request. Default: that of the preset. Source: ASVS 5.0 7.3.1. */
  idle?: Duration;
  /** How long a session lives at most. Default: that of the preset. Source: ASVS 5.0 7.3.2. */
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
  /**
   * What happens when a token comes back that was replaced by `rotate`, and its grace is over: `report` it as the event
   * `reuse`, or `end` the session as well, whoever has the right token then. Default: `report`.
   */
  onReuse?: 'report' | 'end';
  /**
   * Has sessions that expire told of as the event `expired`, at least once, and counted by `live()`. It costs one more
   * call when a session is made and when it is ended, and looks for them every `everyMs` (default: 10,000) until
   * `close()`. Where no process looks for a day, their ends are not told. Default: false.
   */
  expiryEvents?: boolean | { everyMs?: number };
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
  'preset',
  'onReuse',
  'expiryEvents',
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
  readonly endsReused: boolean;
  /** 0: nobody looks. */
  readonly lookEveryMs: number;
}

/** @throws InvalidArgumentError that names the option. */
export function resolveOptions(options: SessionServiceOptions): Configuration {
  const { prefix = 'rf', preset = 'owaspLowRisk', maxSessions = 0, maxDataBytes = 65_536 } = options;
  const { onMaxSessions = 'evict-idle', onReuse = 'report', deadlineMs = DEADLINE_MS } = options;
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
  if (!Object.hasOwn(PRESETS, preset)) {
    throw refused('preset', `Choose from ${Object.keys(PRESETS).join(', ')}.`);
  }
  if (onReuse !== 'report' && onReuse !== 'end') throw refused('onReuse', 'Give "report" or "end".');
  const { idle, absolute } = { ...PRESETS[preset], ...given(options) };
  return {
    library: useLibrary(options, sessionsLibrary, { deadlineMs }),
    keys: new SessionKeys(prefix),
    routingKeys: toRoutingKeys(options.routingKey),
    namespace: prefix,
    idleMs: parseDuration('idle', idle),
    absoluteMs: parseDuration('absolute', absolute),
    limit: maxSessions,
    atLimit: onMaxSessions,
    maxDataBytes,
    endsReused: onReuse === 'end',
    lookEveryMs: toLookEveryMs(options.expiryEvents),
  };
}

function given({ idle, absolute }: SessionServiceOptions): Partial<Timeouts> {
  return { ...(idle !== undefined && { idle }), ...(absolute !== undefined && { absolute }) };
}

function toLookEveryMs(expiryEvents: SessionServiceOptions['expiryEvents'] = false): number {
  if (expiryEvents === false) return 0;
  const everyMs = expiryEvents === true ? undefined : expiryEvents?.everyMs;
  if (everyMs === undefined) return LOOK_EVERY_MS;
  if (Number.isInteger(everyMs) && everyMs >= 1 && everyMs <= LONGEST_TIMER_MS) return everyMs;
  throw refused('expiryEvents.everyMs', 'Give a whole number of milliseconds from 1.');
}

function refused(field: string, remedy: string): InvalidArgumentError {
  return new InvalidArgumentError(field, `${field} is not possible. ${remedy}`);
}

import { adaptClient, type RedisClient } from './client/adapt.js';
import {
  type ClusterConnection,
  connectClusterPort,
  connectPort,
  connectSentinelPort,
  type SentinelConnection,
} from './client/connect.js';
import type { ClientPort } from './client/port.js';
import type { Library } from './define/library.js';
import { InvalidArgumentError } from './errors.js';

export interface RedisFunctionsOptions {
  /**
   * A client of `redis` (client, pool, cluster, sentinel) or `ioredis`. You opened it, you close it. Give this, or one of
   * `url`, `cluster` and `sentinel`: then a connection is opened at first use, reopened after a loss, closed by `close()`.
   */
  client?: RedisClient;
  /** `redis://` or `rediss://`. */
  url?: string;
  /** A cluster: each primary gets the libraries, those that join later as well. */
  cluster?: ClusterConnection;
  /** A primary under Sentinel: the one that takes over is followed. */
  sentinel?: SentinelConnection;
  /** Libraries to deploy. `use()` adds others. Default: none. */
  libraries?: readonly Library[];
  /**
   * How functions run: `functions` (FCALL), `scripts` (the same files by EVALSHA, for servers without functions), or
   * `auto`: functions where the server has them, else scripts with one warning. Default: `auto`.
   */
  mode?: 'auto' | 'functions' | 'scripts';
  /**
   * What to do before the first call: `deploy` the libraries, only `verify` that they are there, or `none`.
   * Default: `deploy`.
   */
  deploy?: 'deploy' | 'verify' | 'none';
  /** Deploy over a newer version, over other code of the same version, and over functions that are gone. Default: false. */
  force?: boolean;
  /**
   * Milliseconds after which a function or script that keeps a server busy is ended, if it has written nothing yet (the
   * server says BUSY after its own `busy-reply-threshold`). Default: none is ended, and calls wait for their deadline.
   */
  killBusyAfterMs?: number;
  /** Milliseconds a call may take, waiting for a connection included; 0 for no deadline. Default: 5000. */
  deadlineMs?: number;
  /** Hears errors of a connection that is opened here. Default: they are dropped, and calls say what is wrong. */
  onError?: (error: Error) => void;
}

/** Of one call, or of all calls of one handle. */
export interface CallOptions {
  /** Milliseconds a call may take; 0 for no deadline. Default: that of the client. */
  deadlineMs?: number;
  /** Gives calls up when it aborts; they reject with its reason. What is already at the server may still run. */
  signal?: AbortSignal;
}

/** Options that have been checked, every default in place. */
export interface Configuration {
  readonly port: ClientPort;
  readonly libraries: readonly Library[];
  readonly mode: NonNullable<RedisFunctionsOptions['mode']>;
  readonly deploy: NonNullable<RedisFunctionsOptions['deploy']>;
  readonly force: boolean;
  readonly deadlineMs: number;
  readonly killBusyAfterMs: number | undefined;
}

/** @throws InvalidArgumentError that names the option. */
export function resolveOptions(options: RedisFunctionsOptions): Configuration {
  const {
    libraries = [],
    mode = 'auto',
    deploy = 'deploy',
    force = false,
    deadlineMs = 5_000,
    killBusyAfterMs,
  } = options;
  assertOneOf('mode', mode, ['auto', 'functions', 'scripts']);
  assertOneOf('deploy', deploy, ['deploy', 'verify', 'none']);
  assertDeadline(deadlineMs);
  if (killBusyAfterMs !== undefined && !(Number.isFinite(killBusyAfterMs) && killBusyAfterMs >= 0)) {
    throw new InvalidArgumentError(
      'killBusyAfterMs',
      'killBusyAfterMs must be 0 or more milliseconds. Leave it out for none.',
    );
  }
  return { port: toPort(options), libraries, mode, deploy, force, deadlineMs, killBusyAfterMs };
}

export function assertDeadline(deadlineMs: number): void {
  if (Number.isFinite(deadlineMs) && deadlineMs >= 0) return;
  throw new InvalidArgumentError('deadlineMs', 'deadlineMs must be 0 or more milliseconds. Leave it out for 5000.');
}

function assertOneOf(field: string, value: string, allowed: readonly string[]): void {
  if (allowed.includes(value)) return;
  throw new InvalidArgumentError(field, `${field} is ${JSON.stringify(value)}. Give one of ${allowed.join(', ')}.`);
}

function toPort({ client, url, cluster, sentinel, onError = () => {} }: RedisFunctionsOptions): ClientPort {
  const given = [client, url, cluster, sentinel].filter((way) => way !== undefined);
  if (given.length !== 1) {
    throw new InvalidArgumentError(
      given.length === 0 ? 'url' : 'client',
      `${given.length === 0 ? 'None' : 'Several'} of client, url, cluster and sentinel are given. Give one of them, ` +
        'for example url: "redis://localhost:6379".',
    );
  }
  if (url !== undefined) return connectPort(url, onError);
  if (cluster !== undefined) return connectClusterPort(cluster, onError);
  if (sentinel !== undefined) return connectSentinelPort(sentinel, onError);
  return adaptClient(client as RedisClient);
}

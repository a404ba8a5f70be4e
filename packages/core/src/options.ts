import { adaptClient, type RedisClient } from './client/adapt.js';
import { connectPort } from './client/connect.js';
import type { ClientPort } from './client/port.js';
import type { Library } from './define/library.js';
import { InvalidArgumentError } from './errors.js';

export interface RedisFunctionsOptions {
  /** A client of the package `redis`: single or cluster. You opened it, you close it. Give this or `url`. */
  client?: RedisClient;
  /** `redis://` or `rediss://`. A connection is opened at first use, reopened after a loss, and closed by `close()`. */
  url?: string;
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
  /** Milliseconds a call may take, waiting for a connection included; 0 for no deadline. Default: 5000. */
  deadlineMs?: number;
  /** Hears connection errors of a client made from `url`. Default: they are dropped, and calls say what is wrong. */
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
}

/** @throws InvalidArgumentError that names the option. */
export function resolveOptions(options: RedisFunctionsOptions): Configuration {
  const { libraries = [], mode = 'auto', deploy = 'deploy', force = false, deadlineMs = 5_000 } = options;
  assertOneOf('mode', mode, ['auto', 'functions', 'scripts']);
  assertOneOf('deploy', deploy, ['deploy', 'verify', 'none']);
  assertDeadline(deadlineMs);
  return { port: toPort(options), libraries, mode, deploy, force, deadlineMs };
}

export function assertDeadline(deadlineMs: number): void {
  if (Number.isFinite(deadlineMs) && deadlineMs >= 0) return;
  throw new InvalidArgumentError('deadlineMs', 'deadlineMs must be 0 or more milliseconds. Leave it out for 5000.');
}

function assertOneOf(field: string, value: string, allowed: readonly string[]): void {
  if (allowed.includes(value)) return;
  throw new InvalidArgumentError(field, `${field} is ${JSON.stringify(value)}. Give one of ${allowed.join(', ')}.`);
}

function toPort({ client, url, onError = () => {} }: RedisFunctionsOptions): ClientPort {
  if (client !== undefined && url !== undefined) {
    throw new InvalidArgumentError('client', 'Both client and url are given. Give one of them.');
  }
  if (url !== undefined) return connectPort(url, onError);
  if (client !== undefined) return adaptClient(client);
  throw new InvalidArgumentError(
    'url',
    'Neither client nor url is given. Give url, for example "redis://localhost:6379".',
  );
}

import { InvalidArgumentError, type RedisClient, RedisFunctions } from '@redis-functions/core';
import { rateLimiterLibrary } from './library.js';

export interface ConnectionOptions {
  /** A client of the package `redis` or `ioredis`. You opened it, you close it. Give this, `url` or `functions`. */
  client?: RedisClient;
  /** `redis://` or `rediss://`. All limiters of this process with the same URL share one connection. */
  url?: string;
  /** An existing `RedisFunctions`: its connection, its mode and its deploy policy are used. */
  functions?: RedisFunctions;
}

export interface Connection {
  readonly functions: RedisFunctions;
  /** Hears failed attempts to connect, where this side connects. */
  onError(listener: () => void): void;
  /** Closes what this side opened; a shared connection with its last user. */
  close(): Promise<void>;
}

interface SharedConnection {
  readonly functions: RedisFunctions;
  readonly listeners: Set<() => void>;
  users: number;
}

// one limiter per route is usual, one connection per route is not
const shared = new Map<string, SharedConnection>();

export function openConnection({ client, url, functions }: ConnectionOptions): Connection {
  if ([client, url, functions].filter((given) => given !== undefined).length !== 1) {
    throw new InvalidArgumentError('client', 'Give exactly one of client, url and functions.');
  }
  if (url !== undefined) return share(url);
  return {
    functions: functions ?? new RedisFunctions({ ...(client && { client }), libraries: [rateLimiterLibrary] }),
    onError: () => {},
    close: async () => {},
  };
}

function share(url: string): Connection {
  const connection = shared.get(url) ?? open(url);
  shared.set(url, connection);
  connection.users += 1;
  let closed = false;
  return {
    functions: connection.functions,
    onError: (listener) => void connection.listeners.add(listener),
    close: async () => {
      if (closed) return;
      closed = true;
      connection.users -= 1;
      if (connection.users > 0) return;
      shared.delete(url);
      await connection.functions.close();
    },
  };
}

function open(url: string): SharedConnection {
  const listeners = new Set<() => void>();
  const onError = () => {
    for (const listener of listeners) listener();
  };
  return { functions: new RedisFunctions({ url, libraries: [rateLimiterLibrary], onError }), listeners, users: 0 };
}

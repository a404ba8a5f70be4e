import { InvalidArgumentError } from '@redis-functions/core';
import { findServer } from '../find/find-server.js';
import { type Setting, writeConfig } from './config-file.js';
import { HOST, type LaunchPlan, type Place, RedisNode } from './redis-node.js';
import type { AclUser, RedisServer } from './redis-server.js';
import { createTls } from './tls/create-tls.js';

/** What every server can be started with. */
export interface ServerOptions {
  /** Path of a redis-server or valkey-server. Default: see `findServer`. */
  server?: string;
  /** Further arguments, such as `['--appendonly', 'yes']`. Default: none, and no persistence. */
  args?: readonly string[];
  /** Password of the default user. Default: none. */
  password?: string;
  /** ACL users by name. The default user stays, for `url` and `command`. */
  users?: Readonly<Record<string, AclUser>>;
  /**
   * TLS with certificates made for this start, and no plain port: see `tls` of the result. `'mutual'` demands the client's
   * certificate. Default: false.
   */
  tls?: boolean | 'mutual';
  /** How long it may take until it answers, reading its files included, in milliseconds. Default: 15,000. */
  startTimeoutMs?: number;
}

export interface StartRedisOptions extends ServerOptions {
  /** Default: a free one. */
  port?: number;
  /** Where the server keeps its files. A given folder is made if need be, and stays. Default: a temporary one. */
  directory?: string;
}

export const START_TIMEOUT_MS = 15_000;

/** What the arguments must not decide, and why. */
const OURS: Readonly<Record<string, string>> = {
  '--port': 'Use the option port.',
  '--tls-port': 'Use the option tls.',
  '--dir': 'Use the option directory.',
  '--requirepass': 'Use the option password.',
  '--bind': 'It listens on 127.0.0.1 only.',
  '--daemonize': 'It must stay a child of this process.',
  '--logfile': 'Read log instead.',
  '--sentinel': 'Use startSentinel.',
};

/**
 * Starts a server and waits until it answers. It ends with this process, however that ends.
 *
 * @throws ServerNotFoundError, ServerStartError, InvalidArgumentError.
 */
export function startRedis(options: StartRedisOptions = {}): Promise<RedisServer> {
  return startNode(options);
}

/** The same with further settings, and with one authority for several servers: what the topologies start. */
export async function startNode(...given: Parameters<typeof planOf>): Promise<RedisNode> {
  return RedisNode.launch(planOf(...given));
}

/** Everything decided. */
export function planOf(
  options: StartRedisOptions,
  further: (place: Place) => readonly Setting[] = () => [],
  tls = createTls(options.tls),
): LaunchPlan {
  const { server, port, directory, args = [], password, users = {}, startTimeoutMs = START_TIMEOUT_MS } = options;
  assertArguments(args);
  return {
    binary: server ?? findServer(),
    port,
    directory,
    startTimeoutMs,
    commandLine: (place) => [
      writeConfig(place.directory, [
        ['bind', HOST],
        ['dir', place.directory],
        ['daemonize', 'no'],
        ['save', ''],
        ...(tls ? tls.settings(place) : [['port', place.port] satisfies Setting]),
        ...(password === undefined
          ? []
          : (['requirepass', 'masterauth'] as const).map((directive): Setting => [directive, password])),
        ...Object.entries(users).map(toSetting),
        ...further(place),
      ]),
      ...args,
    ],
    login: password === undefined ? undefined : { user: 'default', password },
    users: Object.fromEntries(Object.entries(users).map(([name, user]) => [name, user.password])),
    tls: tls?.client,
  };
}

function toSetting([name, { password, rules }]: [string, AclUser]): Setting {
  if (name === 'default') {
    throw new InvalidArgumentError(
      'users',
      'The default user is needed to look at the server. Use the option password.',
    );
  }
  return ['user', name, 'on', password === undefined ? 'nopass' : `>${password}`, ...rules];
}

function assertArguments(args: readonly string[]): void {
  for (const argument of args) {
    const instead = OURS[argument.toLowerCase()];
    if (instead) throw new InvalidArgumentError('args', `${argument} cannot be given. ${instead}`);
  }
}

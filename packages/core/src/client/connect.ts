import { createClient, createCluster, createSentinel } from 'redis';
import { InvalidArgumentError, UnavailableError } from '../errors.js';
import { nodeRedisPort } from './node-redis.js';
import { nodeRedisClusterPort } from './node-redis-cluster.js';
import { nodeRedisSentinelPort } from './node-redis-sentinel.js';
import type { ClientPort } from './port.js';

/** A Redis Cluster. */
export interface ClusterConnection {
  /** URLs of some of its nodes; the others are found. User name, password and TLS are those of the first. */
  nodes: readonly string[];
}

/** A primary watched over by Sentinel. */
export interface SentinelConnection {
  /** What the sentinels call it. */
  name: string;
  /** URLs of the sentinels; with `rediss://`, TLS to them and to the servers. */
  nodes: readonly string[];
  /** User name of the servers, which may differ from that of the sentinels. Default: none. */
  username?: string;
  /** Password of the servers, which may differ from that of the sentinels. Default: none. */
  password?: string;
}

type OnError = (error: Error) => void;

/** Whoever decides without Redis meanwhile is to find it again within a second. */
const RECONNECT_DELAY_MS = { first: 50, most: 250 };
/** After so long without a node, a cluster client looks for who took over. */
const LOOK_FOR_SUCCESSOR_AFTER_MS = 500;
/** node-redis gives a connection to one command at a time where Sentinel is used. */
const SENTINEL_CONNECTIONS = 16;

/** What matters for every connection that is made here, whatever the topology. */
const CLIENT = {
  name: 'redis-functions',
  // a call waits for the connection under its own deadline; in the client's queue it would run after it was given up
  disableOfflineQueue: true,
};
const SOCKET = {
  connectTimeout: 5_000,
  reconnectStrategy: (retries: number) =>
    Math.min(RECONNECT_DELAY_MS.first * 2 ** Math.min(retries, 10), RECONNECT_DELAY_MS.most),
};
/**
 * node-redis would make an AbortSignal per command, which costs about three quarters of the throughput. Calls share one
 * deadline timer instead (call/deadline.ts).
 */
const NO_TIMEOUT = { timeout: 0 };

/** A port with a client of its own: opened at first use, reopened after every loss, for ever. */
export function connectPort(url: string, onError: OnError): ClientPort {
  const address = redactUrl(url);
  const client = createClient({ ...CLIENT, url, socket: socketFor(url), commandOptions: NO_TIMEOUT });
  return ownedPort(client, nodeRedisPort(client, address), onError);
}

/** @throws InvalidArgumentError. */
export function connectClusterPort({ nodes }: ClusterConnection, onError: OnError): ClientPort {
  const address = `the cluster ${toAddresses('cluster.nodes', nodes)}`;
  const first = new URL(nodes[0] as string);
  const cluster = createCluster({
    rootNodes: nodes.map((url) => ({ url })),
    defaults: {
      ...CLIENT,
      ...loginOf(first),
      socket: socketFor(first.href),
    },
    commandOptions: NO_TIMEOUT,
    topologyRefreshOnReconnectionAttemptStrategy: LOOK_FOR_SUCCESSOR_AFTER_MS,
  });
  return ownedPort(cluster, nodeRedisClusterPort(cluster, address), onError);
}

/** @throws InvalidArgumentError. */
export function connectSentinelPort(
  { name, nodes, username, password }: SentinelConnection,
  onError: OnError,
): ClientPort {
  const address = `the primary "${name}" of the sentinels ${toAddresses('sentinel.nodes', nodes)}`;
  const first = new URL(nodes[0] as string);
  const socket = socketFor(first.href);
  const sentinel = createSentinel({
    name,
    sentinelRootNodes: nodes.map((url) => {
      const { hostname, port } = new URL(url);
      return { host: hostname, port: Number(port || 26_379) };
    }),
    nodeClientOptions: { ...CLIENT, ...credentials(username, password), socket },
    sentinelClientOptions: { ...loginOf(first), socket },
    commandOptions: NO_TIMEOUT,
    masterPoolSize: SENTINEL_CONNECTIONS,
    // a password that the servers refuse would be tried again in silence
    passthroughClientErrorEvents: true,
  });
  return ownedPort(sentinel, nodeRedisSentinelPort(sentinel, address), onError);
}

interface Connection {
  readonly isOpen: boolean;
  readonly isReady: boolean;
  connect(): Promise<unknown>;
  close(): Promise<void>;
  destroy(): void | Promise<void>;
  on(event: 'error', listener: (error: Error) => void): unknown;
}

/** @param onError Hears each failed attempt; without a listener node-redis would end the process. */
function ownedPort(client: Connection, port: ClientPort, onError: OnError): ClientPort {
  client.on('error', onError);
  let closed = false;
  return Object.create(port, {
    whenReady: {
      value: async () => {
        if (closed)
          throw new UnavailableError('CLOSED', `The connection to ${port.address} was closed. Make a new one.`);
        // the promise of connect() settles with the first connection or with close(); both are heard by whenReady
        if (!client.isOpen) client.connect().catch(onError);
        await port.whenReady();
      },
    },
    close: {
      value: async () => {
        if (closed) return;
        closed = true;
        if (client.isReady) await client.close();
        else if (client.isOpen) await client.destroy();
      },
    },
  }) as ClientPort;
}

/** The client refuses a URL of rediss where its socket options do not say so too. */
function socketFor(url: string) {
  return url.startsWith('rediss:') ? { ...SOCKET, tls: true as const } : SOCKET;
}

/** Those of a URL, as the server is told them. */
function loginOf({ username, password }: URL) {
  return credentials(decodeURIComponent(username), decodeURIComponent(password));
}

function credentials(username: string | undefined, password: string | undefined) {
  return { ...(username && { username }), ...(password && { password }) };
}

function toAddresses(field: string, urls: readonly string[]): string {
  if (Array.isArray(urls) && urls.length > 0) return urls.map((url) => redactUrl(url, field)).join(', ');
  throw new InvalidArgumentError(
    field,
    `${field} is not a list of at least one URL. Write it like ["redis://host:6379"].`,
  );
}

/** The URL as it may appear in a message or a log. @throws InvalidArgumentError for what is no Redis URL. */
export function redactUrl(url: string, field = 'url'): string {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    // no cause: Node puts the input, password included, into its error
    throw new InvalidArgumentError(field, `${field} is not a URL. Write it like "redis://localhost:6379".`);
  }
  if (parsed.protocol !== 'redis:' && parsed.protocol !== 'rediss:') {
    throw new InvalidArgumentError(
      field,
      `${field} begins with "${parsed.protocol}". Write it like "redis://localhost:6379".`,
    );
  }
  try {
    loginOf(parsed);
  } catch {
    throw new InvalidArgumentError(field, `${field} has a % in its user or password as it is. Write %25 for it.`);
  }
  return `${parsed.protocol}//${parsed.host || 'localhost:6379'}${parsed.pathname === '/' ? '' : parsed.pathname}`;
}

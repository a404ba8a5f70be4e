import { createClient } from 'redis';
import { toArray, toText } from '../replies.js';
import { toFields } from '../reply-fields.js';
import { BINARY, isNodeRedisOffline, isNodeRedisServerError, type NodeRedisConnection } from './node-redis.js';
import type { ClientPort, Command, PrimaryNode } from './port.js';
import { REGISTRY_KEY, saysPrimary } from './primary.js';
import { type Connectable, whenReady } from './when-ready.js';

interface Address {
  readonly host: string;
  readonly port: number;
}

/** The slice of a node-redis sentinel client (version 5 or 6) that this package calls. Any `createSentinel()` value has it. */
export interface NodeRedisSentinel extends Connectable {
  sendCommand(isReadonly: boolean | undefined, command: (string | Buffer)[], options?: object): Promise<unknown>;
  /** Gives one connection to the primary to the work alone. */
  use<T>(work: (client: SentinelLease) => Promise<T>): Promise<T>;
  getMasterNode(): Address | undefined;
  getSentinelNode(): Address | undefined;
}

interface SentinelLease {
  sendCommand(isReadonly: boolean | undefined, command: (string | Buffer)[]): Promise<unknown>;
}

/** Brings a node-redis sentinel client to the port. Its owner opens it, keeps it open and closes it. */
export function nodeRedisSentinelPort(sentinel: NodeRedisSentinel, address = 'the given sentinel'): ClientPort {
  const send = (command: Command, readOnly = false, options?: object) =>
    sentinel.sendCommand(readOnly, [...command], options);

  function node(): PrimaryNode {
    const primary = sentinel.getMasterNode();
    return {
      id: primary ? `${primary.host}:${primary.port}` : `the primary of ${address}`,
      registryKey: REGISTRY_KEY,
      send: (command) => send(command),
      sendBinary: (command) => send(command, false, BINARY),
      isolated: (work) => sentinel.use((client) => work((command) => client.sendCommand(false, [...command]))),
    };
  }

  return {
    address,
    followsFailover: true,
    get isReady() {
      return sentinel.isReady;
    },
    whenReady: () => whenReady(sentinel, address),
    send: (command, { readOnly }) => send(command, readOnly),
    primaries: async () => [node()],
    primaryFor: async () => node(),
    confirmPrimary: async (primary) => (await saysPrimary(primary)) && (await sentinelsAgree(sentinel)),
    isServerError: isNodeRedisServerError,
    wasNotSent: isNodeRedisOffline,
    close: async () => {},
  };
}

/**
 * A primary that crashed and came back without its data says "master" for ten seconds, until the sentinels demote it. They
 * know better: theirs is another one.
 */
async function sentinelsAgree(sentinel: NodeRedisSentinel): Promise<boolean> {
  const [watcher, primary] = [sentinel.getSentinelNode(), sentinel.getMasterNode()];
  if (!watcher || !primary) return false;
  const connection: NodeRedisConnection = createClient({
    socket: { ...watcher, connectTimeout: 1_000, reconnectStrategy: false },
  });
  connection.on('error', () => {});
  try {
    await connection.connect();
    const watched = toArray(await connection.sendCommand(['SENTINEL', 'MASTERS'])).map(toFields);
    return watched.some(
      (fields) => toText(fields.get('port')) === String(primary.port) && toText(fields.get('flags')) === 'master',
    );
  } catch {
    return false;
  } finally {
    connection.destroy();
  }
}

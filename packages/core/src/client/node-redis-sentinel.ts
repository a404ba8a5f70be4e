import { toText } from '../replies.js';
import { BINARY, isNodeRedisOffline, isNodeRedisServerError } from './node-redis.js';
import type { ClientPort, Command, PrimaryNode } from './port.js';
import { REGISTRY_KEY, saysPrimary } from './primary.js';
import { type Address, sentinelsAgree } from './sentinels.js';
import { type Connectable, whenReady } from './when-ready.js';

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
    confirmPrimary: async (primary) => (await saysPrimary(primary)) && (await primaryIsWatched(sentinel)),
    isServerError: isNodeRedisServerError,
    wasNotSent: isNodeRedisOffline,
    slotOf: () => 0,
    nodeOf: () => address,
    close: async () => {},
  };
}

function primaryIsWatched(sentinel: NodeRedisSentinel): Promise<boolean> {
  const [watcher, primary] = [sentinel.getSentinelNode(), sentinel.getMasterNode()];
  if (!watcher || !primary) return Promise.resolve(false);
  return sentinelsAgree([watcher], (fields) => toText(fields.get('port')) === String(primary.port));
}

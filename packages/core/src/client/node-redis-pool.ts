import { UnavailableError } from '../errors.js';
import { BINARY, isNodeRedisOffline, isNodeRedisServerError, type NodeRedisConnection } from './node-redis.js';
import type { ClientPort, Command, PrimaryNode } from './port.js';
import { REGISTRY_KEY, saysPrimary } from './primary.js';

/** The slice of a node-redis client pool (version 5 or 6) that this package calls. Any `createClientPool()` value has it. */
export interface NodeRedisPool {
  readonly isOpen: boolean;
  readonly totalClients: number;
  sendCommand(command: (string | Buffer)[], options?: object): Promise<unknown>;
  /** Gives one client of the pool to the work alone. */
  execute<T>(work: (client: Pick<NodeRedisConnection, 'sendCommand'>) => Promise<T>): Promise<T>;
}

/** Brings a node-redis client pool to the port. Its owner opens it, keeps it open and closes it. */
export function nodeRedisPoolPort(pool: NodeRedisPool, address = 'the given pool'): ClientPort {
  const send = (command: Command, options?: object) => pool.sendCommand([...command], options);
  const node: PrimaryNode = {
    id: address,
    registryKey: REGISTRY_KEY,
    send,
    sendBinary: (command) => send(command, BINARY),
    isolated: (work) => pool.execute((client) => work((command) => client.sendCommand(command))),
  };
  return {
    address,
    followsFailover: false,
    // a pool does not say whether its clients are connected; what waits in their queues waits under the deadline
    get isReady() {
      return pool.isOpen;
    },
    async whenReady() {
      if (pool.isOpen) return;
      throw new UnavailableError('NOT_CONNECTED', `${address} is not open. Call "await pool.connect()" first.`);
    },
    send: (command) => send(command),
    primaries: async () => [node],
    primaryFor: async () => node,
    confirmPrimary: saysPrimary,
    isServerError: isNodeRedisServerError,
    wasNotSent: isNodeRedisOffline,
    slotOf: () => 0,
    nodeOf: () => address,
    close: async () => {},
  };
}

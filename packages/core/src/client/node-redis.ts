import { ClientOfflineError, ErrorReply, RESP_TYPES } from 'redis';
import type { ClientPort, Command, PrimaryNode } from './port.js';
import { REGISTRY_KEY, saysPrimary } from './primary.js';
import { type Connectable, whenReady } from './when-ready.js';

/** The slice of a node-redis client (version 5 or 6) that this package calls. Any `createClient()` value has it. */
export interface NodeRedisClient extends Connectable {
  readonly options?: { readonly socket?: object };
  sendCommand(command: readonly (string | Buffer)[], options?: object): Promise<unknown>;
  duplicate(): NodeRedisConnection;
}

/** A connection of our own beside the user's. */
export interface NodeRedisConnection {
  connect(): Promise<unknown>;
  sendCommand(command: readonly (string | Buffer)[]): Promise<unknown>;
  destroy(): void;
  on(event: 'error', listener: (error: Error) => void): unknown;
}

/** Bulk strings as Buffers, for one command. */
export const BINARY = { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } };

export const isNodeRedisOffline = (error: unknown): boolean => error instanceof ClientOfflineError;
export const isNodeRedisServerError = (error: unknown): error is Error => error instanceof ErrorReply;

/** Brings a node-redis client to the port. Its owner opens it, keeps it open and closes it. */
export function nodeRedisPort(client: NodeRedisClient, address = addressOf(client)): ClientPort {
  const node = nodeRedisNode(client, address);
  const nodes = [node];
  return {
    address,
    followsFailover: false,
    get isReady() {
      return client.isReady;
    },
    whenReady: () => whenReady(client, address),
    send: (command: Command) => client.sendCommand(command),
    primaries: async () => nodes,
    primaryFor: async () => node,
    confirmPrimary: saysPrimary,
    isServerError: isNodeRedisServerError,
    wasNotSent: isNodeRedisOffline,
    slotOf: () => 0,
    nodeOf: () => address,
    close: async () => {},
  };
}

function addressOf({ options }: NodeRedisClient): string {
  const {
    host = 'localhost',
    port = 6379,
    path,
  } = (options?.socket ?? {}) as { host?: string; port?: number; path?: string };
  return path ?? `redis://${host}:${port}`;
}

export function nodeRedisNode(
  client: Pick<NodeRedisClient, 'sendCommand' | 'duplicate'>,
  id: string,
  registryKey: string = REGISTRY_KEY,
): PrimaryNode {
  return {
    id,
    registryKey,
    send: (command) => client.sendCommand(command),
    sendBinary: (command) => client.sendCommand(command, BINARY),
    isolated: (work) => isolated(client.duplicate(), work),
  };
}

async function isolated<T>(
  connection: NodeRedisConnection,
  work: (send: (command: Command) => Promise<unknown>) => Promise<T>,
): Promise<T> {
  // its faults reach the commands; without a listener node-redis would end the process
  connection.on('error', () => {});
  await connection.connect();
  try {
    return await work((command) => connection.sendCommand(command));
  } finally {
    connection.destroy();
  }
}

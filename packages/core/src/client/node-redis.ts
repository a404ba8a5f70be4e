import { ErrorReply, RESP_TYPES } from 'redis';
import { InvalidArgumentError, UnavailableError } from '../errors.js';
import type { ClientPort, Command, PrimaryNode } from './port.js';

/** The slice of a node-redis client (version 5 or 6) that this package calls. Any `createClient()` value has it. */
export interface NodeRedisClient {
  readonly isOpen: boolean;
  readonly isReady: boolean;
  sendCommand(command: readonly (string | Buffer)[], options?: object): Promise<unknown>;
  on(event: 'ready' | 'end', listener: () => void): unknown;
  off(event: 'ready' | 'end', listener: () => void): unknown;
}

const BINARY = { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } };

/** Brings a node-redis client to the port. Its owner opens it, keeps it open and closes it. */
export function nodeRedisPort(client: NodeRedisClient, address = 'the given client'): ClientPort {
  const node: PrimaryNode = {
    id: address,
    send: (command) => client.sendCommand(command),
    sendBinary: (command) => client.sendCommand(command, BINARY),
  };
  const nodes = [node];
  return {
    address,
    get isReady() {
      return client.isReady;
    },
    whenReady: () => whenReady(client, address),
    send: (command: Command) => client.sendCommand(command),
    primaries: async () => nodes,
    primaryFor: async () => node,
    isServerError: (error): error is Error => error instanceof ErrorReply,
    close: async () => {},
  };
}

function whenReady(client: NodeRedisClient, address: string): Promise<void> {
  if (client.isReady) return Promise.resolve();
  if (!client.isOpen) {
    return Promise.reject(
      new UnavailableError(
        'NOT_CONNECTED',
        `The connection to ${address} is not open. Call "await client.connect()" first.`,
      ),
    );
  }
  return new Promise((resolve, reject) => {
    const settle = (outcome: () => void) => () => {
      client.off('ready', ready);
      client.off('end', ended);
      outcome();
    };
    const ready = settle(resolve);
    const ended = settle(() => reject(new UnavailableError('CLOSED', `The connection to ${address} was closed.`)));
    client.on('ready', ready);
    client.on('end', ended);
  });
}

export function assertNodeRedisClient(client: unknown): asserts client is NodeRedisClient {
  if (typeof client === 'object' && client !== null && 'sendCommand' in client && 'isReady' in client) {
    if (!('getSlotMaster' in client) && !('getMasterNode' in client)) return;
  }
  throw new InvalidArgumentError(
    'client',
    'client must be a node-redis client, as createClient() of the package "redis" returns it. Pass one, or a url.',
  );
}

import { UnavailableError } from '../errors.js';
import type { ClientPort, Command, PrimaryNode } from './port.js';
import { REGISTRY_KEY, saysPrimary } from './primary.js';

/** The slice of an ioredis client (version 5 or 6) that this package calls. Any `new Redis()` value has it. */
export interface IoredisClient {
  /** `ready` when a command goes out at once; `end` when it never will. */
  readonly status: string;
  readonly options: {
    readonly host?: string | undefined;
    readonly port?: number | undefined;
    readonly sentinels?: unknown;
  };
  call(command: string, ...args: (string | Buffer)[]): Promise<unknown>;
  callBuffer(command: string, ...args: (string | Buffer)[]): Promise<unknown>;
  duplicate(): IoredisClient & { disconnect(): void };
  connect(): Promise<unknown>;
  on(event: 'ready' | 'end' | 'error', listener: (error: Error) => void): unknown;
  off(event: 'ready' | 'end' | 'error', listener: (error: Error) => void): unknown;
}

// enableOfflineQueue: false
export const isIoredisOffline = (error: unknown): boolean =>
  error instanceof Error && error.message.startsWith("Stream isn't writeable");

// by name: the class may come from another copy of its package
export const isIoredisServerError = (error: unknown): error is Error =>
  error instanceof Error && error.name === 'ReplyError';

/** Brings an ioredis client to the port, with Sentinel or without. Its owner opens it, keeps it open and closes it. */
export function ioredisPort(client: IoredisClient): ClientPort {
  const { host = 'localhost', port = 6379, sentinels } = client.options;
  const address = sentinels ? 'the primary of the given sentinels' : `redis://${host}:${port}`;
  const node = ioredisNode(client, address);
  return {
    address,
    followsFailover: sentinels !== undefined && sentinels !== null,
    get isReady() {
      return client.status === 'ready';
    },
    whenReady: () => whenIoredisReady(client, address),
    send: (command) => call(client, command),
    primaries: async () => [node],
    primaryFor: async () => node,
    confirmPrimary: saysPrimary,
    isServerError: isIoredisServerError,
    wasNotSent: isIoredisOffline,
    close: async () => {},
  };
}

export function call(client: Pick<IoredisClient, 'call'>, [name, ...args]: Command): Promise<unknown> {
  return client.call(String(name), ...args);
}

export function ioredisNode(client: IoredisClient, id: string, registryKey: string = REGISTRY_KEY): PrimaryNode {
  return {
    id,
    registryKey,
    send: (command) => call(client, command),
    sendBinary: ([name, ...args]) => client.callBuffer(String(name), ...args),
    async isolated(work) {
      const connection = client.duplicate();
      // its faults reach the commands
      connection.on('error', () => {});
      try {
        return await work((command) => call(connection, command));
      } finally {
        connection.disconnect();
      }
    },
  };
}

interface IoredisConnectable {
  readonly status: string;
  on(event: 'ready' | 'end', listener: () => void): unknown;
  off(event: 'ready' | 'end', listener: () => void): unknown;
  connect(): Promise<unknown>;
}

export function whenIoredisReady(client: IoredisConnectable, address: string): Promise<void> {
  if (client.status === 'ready') return Promise.resolve();
  if (client.status === 'end') {
    return Promise.reject(new UnavailableError('CLOSED', `The connection to ${address} was closed. Make a new one.`));
  }
  return new Promise((resolve, reject) => {
    const settle = (outcome: () => void) => {
      client.off('ready', ready);
      client.off('end', ended);
      outcome();
    };
    const ready = () => settle(resolve);
    const ended = () =>
      settle(() => reject(new UnavailableError('CLOSED', `The connection to ${address} was closed.`)));
    client.on('ready', ready);
    client.on('end', ended);
    // lazyConnect: nobody else opens it
    if (client.status === 'wait') client.connect().catch(() => {});
  });
}

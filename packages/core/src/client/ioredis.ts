import { UnavailableError } from '../errors.js';
import { toText } from '../replies.js';
import type { ClientPort, Command, PrimaryNode } from './port.js';
import { REGISTRY_KEY, saysPrimary } from './primary.js';
import { type Address, sentinelsAgree } from './sentinels.js';

/** The slice of an ioredis client (version 5 or 6) that this package calls. Any `new Redis()` value has it. */
export interface IoredisClient {
  /** `ready` when a command goes out at once; `end` when it never will. */
  readonly status: string;
  readonly options: {
    readonly host?: string | undefined;
    readonly port?: number | undefined;
    readonly sentinels?: readonly Partial<Address>[] | null | undefined;
    readonly name?: string | undefined;
    readonly sentinelUsername?: string | null | undefined;
    readonly sentinelPassword?: string | null | undefined;
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
    confirmPrimary: async (primary) =>
      (await saysPrimary(primary)) && (!sentinels || (await isWatched(client, primary))),
    isServerError: isIoredisServerError,
    wasNotSent: isIoredisOffline,
    slotOf: () => 0,
    nodeOf: () => address,
    close: async () => {},
  };
}

/** ioredis asks a sentinel for the primary, which may be down already, or be back without its data. */
async function isWatched({ options }: IoredisClient, primary: PrimaryNode): Promise<boolean> {
  const { sentinels, name, sentinelUsername, sentinelPassword } = options;
  const credentials = { username: sentinelUsername ?? undefined, password: sentinelPassword ?? undefined };
  const addresses = (sentinels ?? []).map(({ host = 'localhost', port = 26_379 }) => ({ host, port, ...credentials }));
  const ownPort = /^tcp_port:(\d+)/m.exec(toText(await primary.send(['INFO', 'server'])))?.[1];
  return sentinelsAgree(
    addresses,
    (fields) => toText(fields.get('name')) === name && toText(fields.get('port')) === ownPort,
  );
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

import { createClient } from 'redis';
import { ServerSilentError } from '../errors.js';
import type { ClientTls } from './redis-server.js';

const PATIENCE_MS = 10_000;

export interface Endpoint {
  readonly url: string;
  readonly tls?: ClientTls;
}

export interface Connection {
  send(...command: string[]): Promise<unknown>;
  close(): void;
}

/**
 * RESP2: its replies are strings, integers and arrays on every server. Duplicated for each connection, since a new client
 * costs 50 times as much: a wait for a cluster makes hundreds. `answered` keeps time for all of them.
 */
const template = createClient({ RESP: 2, disableClientInfo: true, commandOptions: {} });

/** @throws ServerSilentError where nobody answers. */
export async function connect({ url, tls }: Endpoint): Promise<Connection> {
  const socket = { reconnectStrategy: false as const, connectTimeout: PATIENCE_MS };
  const client = template.duplicate({ url, socket: tls ? { ...socket, tls: true, ...tls } : socket });
  // each command that is under way rejects with it as well
  client.on('error', () => {});
  await answered(client.connect(), url, () => client.destroy());
  return {
    send: (...command) => answered(client.sendCommand(command), url),
    close: () => client.destroy(),
  };
}

/** Sends on a connection that is closed afterwards. */
export async function withConnection<Result>(to: Endpoint, use: (connection: Connection) => Promise<Result>) {
  const connection = await connect(to);
  try {
    return await use(connection);
  } finally {
    connection.close();
  }
}

/** A frozen server accepts a connection and then says nothing. */
async function answered<Reply>(reply: Promise<Reply>, url: string, giveUp?: () => void): Promise<Reply> {
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      giveUp?.();
      reject(new ServerSilentError(url, `did not answer in ${PATIENCE_MS} ms`));
    }, PATIENCE_MS);
  });
  try {
    return await Promise.race([reply, silence]);
  } catch (error) {
    if ((error as { code?: string }).code === 'ECONNREFUSED')
      throw new ServerSilentError(url, 'does not run', { cause: error });
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

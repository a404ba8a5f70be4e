import { createClient } from 'redis';
import { InvalidArgumentError, UnavailableError } from '../errors.js';
import { nodeRedisPort } from './node-redis.js';
import type { ClientPort } from './port.js';

const RECONNECT_DELAY_MS = { first: 50, most: 2_000 };

/**
 * A port with a node-redis client of its own: opened at first use, reopened after every loss, for ever.
 *
 * No `commandOptions.timeout`: node-redis would make an AbortSignal per command, which costs about three quarters of
 * the throughput. Calls share one deadline timer instead (call/deadline.ts).
 *
 * @param onError Hears each failed attempt; without a listener node-redis would end the process.
 */
export function connectPort(url: string, onError: (error: Error) => void): ClientPort {
  const address = redactUrl(url);
  const client = createClient({
    url,
    name: 'redis-functions',
    commandOptions: { timeout: 0 },
    // a call waits for the connection under its own deadline; in the client's queue it would run after it was given up
    disableOfflineQueue: true,
    socket: {
      connectTimeout: 5_000,
      reconnectStrategy: (retries) => Math.min(RECONNECT_DELAY_MS.first * 2 ** retries, RECONNECT_DELAY_MS.most),
    },
  });
  client.on('error', onError);

  const port = nodeRedisPort(client, address);
  let closed = false;
  return Object.create(port, {
    whenReady: {
      value: async () => {
        if (closed) throw new UnavailableError('CLOSED', `The connection to ${address} was closed. Make a new one.`);
        // the promise of connect() settles with the first connection or with close(); both are heard by whenReady
        if (!client.isOpen) client.connect().catch(onError);
        await port.whenReady();
      },
    },
    close: {
      value: async () => {
        closed = true;
        if (client.isReady) await client.close();
        else if (client.isOpen) client.destroy();
      },
    },
  }) as ClientPort;
}

/** The URL as it may appear in a message or a log. @throws InvalidArgumentError for what is no Redis URL. */
export function redactUrl(url: string): string {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    // no cause: Node puts the input, password included, into its error
    throw new InvalidArgumentError('url', 'url is not a URL. Write it like "redis://localhost:6379".');
  }
  if (parsed.protocol !== 'redis:' && parsed.protocol !== 'rediss:') {
    throw new InvalidArgumentError(
      'url',
      `url begins with "${parsed.protocol}". Write it like "redis://localhost:6379".`,
    );
  }
  return `${parsed.protocol}//${parsed.host || 'localhost:6379'}${parsed.pathname === '/' ? '' : parsed.pathname}`;
}

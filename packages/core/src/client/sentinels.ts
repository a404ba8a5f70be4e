import { createClient } from 'redis';
import { toArray, toText } from '../replies.js';
import { toFields } from '../reply-fields.js';
import type { NodeRedisConnection } from './node-redis.js';

export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface SentinelAddress extends Address {
  readonly username?: string | undefined;
  readonly password?: string | undefined;
}

const ASK_TIMEOUT_MS = 1_000;

/**
 * Asks a sentinel whether a primary is one that it finds in order. A primary that crashed and came back without its data
 * says "master" for ten seconds, until the sentinels demote it; they know better.
 *
 * @param isMeant Finds the primary among those that the sentinel watches, by the fields of SENTINEL MASTERS.
 * @returns False also where no sentinel answers.
 */
export async function sentinelsAgree(
  sentinels: readonly SentinelAddress[],
  isMeant: (fields: ReadonlyMap<string, unknown>) => boolean,
): Promise<boolean> {
  for (const address of sentinels) {
    const watched = await askMasters(address);
    // down, or failing over: other flags than this one word
    if (watched) return watched.some((fields) => isMeant(fields) && toText(fields.get('flags')) === 'master');
  }
  return false;
}

async function askMasters({
  host,
  port,
  username,
  password,
}: SentinelAddress): Promise<Map<string, unknown>[] | undefined> {
  const connection: NodeRedisConnection = createClient({
    ...(username && { username }),
    ...(password && { password }),
    socket: { host, port, connectTimeout: ASK_TIMEOUT_MS, reconnectStrategy: false },
    commandOptions: { timeout: ASK_TIMEOUT_MS },
  });
  // its faults reach the command
  connection.on('error', () => {});
  try {
    await connection.connect();
    return toArray(await connection.sendCommand(['SENTINEL', 'MASTERS'])).map(toFields);
  } catch {
    return undefined;
  } finally {
    connection.destroy();
  }
}

import { Redis } from 'ioredis';
import { createClient } from 'redis';
import type { ClientName } from './limiter.js';

/** Without the time limit per command, which makes an AbortSignal for each. */
export async function openNodeRedis(url: string) {
  const client = createClient({ url, commandOptions: { timeout: 0 } });
  client.on('error', () => {});
  await client.connect();
  return client;
}

export function openIoredis(url: string, name: Exclude<ClientName, 'node-redis'>): Redis {
  return new Redis(url, { enableAutoPipelining: name === 'ioredis, auto-pipelining' });
}

import { Redis } from 'ioredis';
import { createClient } from 'redis';
import type { ClientName, NodeRedisName } from './limiter.js';

/** The time limit per command makes an AbortSignal for each. */
export async function openNodeRedis(url: string, name: NodeRedisName) {
  const client = createClient(name === 'node-redis' ? { url, commandOptions: { timeout: 0 } } : { url });
  client.on('error', () => {});
  await client.connect();
  return client;
}

export function openIoredis(url: string, name: Exclude<ClientName, NodeRedisName>): Redis {
  return new Redis(url, { enableAutoPipelining: name === 'ioredis, auto-pipelining' });
}

export function isNodeRedis(name: ClientName): name is NodeRedisName {
  return name === 'node-redis' || name === 'node-redis, default timeout';
}

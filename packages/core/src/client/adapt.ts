import { InvalidArgumentError } from '../errors.js';
import { type NodeRedisClient, nodeRedisPort } from './node-redis.js';
import { type NodeRedisCluster, nodeRedisClusterPort } from './node-redis-cluster.js';
import type { ClientPort } from './port.js';

/** A client that this package can work with. */
export type RedisClient = NodeRedisClient | NodeRedisCluster;

/** Finds the adapter by what the client can do: its class may come from another copy of its package. */
export function adaptClient(client: RedisClient): ClientPort {
  if (typeof client === 'object' && client !== null && 'sendCommand' in client && 'isReady' in client) {
    if ('getNodeClientForKey' in client) return nodeRedisClusterPort(client);
    if ('duplicate' in client && !('getMasterNode' in client)) return nodeRedisPort(client);
  }
  throw new InvalidArgumentError(
    'client',
    'client must be a client of the package "redis", as createClient() or createCluster() returns it. Pass one, or a url.',
  );
}

import { InvalidArgumentError } from '../errors.js';
import { type IoredisClient, ioredisPort } from './ioredis.js';
import { type IoredisCluster, ioredisClusterPort } from './ioredis-cluster.js';
import { type NodeRedisClient, nodeRedisPort } from './node-redis.js';
import { type NodeRedisCluster, nodeRedisClusterPort } from './node-redis-cluster.js';
import { type NodeRedisPool, nodeRedisPoolPort } from './node-redis-pool.js';
import { type NodeRedisSentinel, nodeRedisSentinelPort } from './node-redis-sentinel.js';
import type { ClientPort } from './port.js';

/** A client that this package can work with: node-redis 5 and 6 (client, pool, cluster, sentinel), ioredis 5 and 6. */
export type RedisClient =
  | NodeRedisClient
  | NodeRedisPool
  | NodeRedisCluster
  | NodeRedisSentinel
  | IoredisClient
  | IoredisCluster;

/** Finds the adapter by what the client can do: its class may come from another copy of its package. */
export function adaptClient(client: RedisClient): ClientPort {
  if (typeof client !== 'object' || client === null) throw unknownClient();
  if ('isCluster' in client && client.isCluster && 'nodes' in client) return ioredisClusterPort(client);
  if ('callBuffer' in client) return ioredisPort(client);
  if (!('sendCommand' in client)) throw unknownClient();
  if ('getNodeClientForKey' in client) return nodeRedisClusterPort(client);
  if ('getMasterNode' in client) return nodeRedisSentinelPort(client);
  if ('totalClients' in client) return nodeRedisPoolPort(client);
  if ('isReady' in client && 'duplicate' in client) return nodeRedisPort(client);
  throw unknownClient();
}

function unknownClient(): InvalidArgumentError {
  return new InvalidArgumentError(
    'client',
    'client is not a client that this package knows. Pass what createClient, createClientPool, createCluster or ' +
      'createSentinel of "redis" returns, or new Redis or new Cluster of "ioredis"; or give a url.',
  );
}

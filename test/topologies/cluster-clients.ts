import type { RedisClient } from '@redis-functions/core';
import type { RedisCluster } from '@redis-functions/testing';
import { Cluster } from 'ioredis-6';
import { createCluster } from 'redis';

/** A client of each library on a cluster; `ends` is given what closes it. */
export const CLUSTER_CLIENTS: Readonly<
  Record<string, (cluster: RedisCluster, ends: (() => unknown)[]) => Promise<RedisClient>>
> = {
  'node-redis': async ({ addresses }, ends) => {
    const client = createCluster({
      rootNodes: addresses.map(({ host, port }) => ({ url: `redis://${host}:${port}` })),
    });
    client.on('error', () => {});
    await client.connect();
    ends.push(() => client.destroy());
    return client;
  },
  ioredis: async ({ addresses }, ends) => {
    const client = new Cluster([...addresses]);
    ends.push(() => client.disconnect());
    return client;
  },
};

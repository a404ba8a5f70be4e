import { InvalidArgumentError } from '@redis-functions/core';
import type { Setting } from '../server/config-file.js';
import type { Place, RedisNode } from '../server/redis-node.js';
import { type ServerOptions, startNode } from '../server/start-redis.js';
import { createTls } from '../server/tls/create-tls.js';
import { orStop, startTogether } from '../topology/group.js';
import { withInquiry } from '../topology/inquiry.js';
import { assertReplicas } from '../topology/start-replicated.js';
import { Cluster } from './cluster.js';
import { formCluster } from './form.js';
import type { RedisCluster } from './redis-cluster.js';

export interface StartClusterOptions extends ServerOptions {
  /** How many primaries share the slots. Fewer than 3 cannot elect: a dead one stays dead. Default: 3. */
  primaries?: number;
  /** How many replicas each primary has. Default: 0. */
  replicas?: number;
  /** How long a node is silent until the others find it dead, in milliseconds. Default: 2,000. */
  nodeTimeoutMs?: number;
}

/**
 * Starts a cluster and waits until all its nodes agree: about two seconds, which is how long a new primary waits before it
 * takes writes.
 *
 * @throws ServerNotFoundError, ServerStartError, NotSettledError.
 */
export async function startCluster(options: StartClusterOptions = {}): Promise<RedisCluster> {
  const { primaries = 3, replicas = 0, nodeTimeoutMs = 2_000, ...server } = options;
  if (!(Number.isSafeInteger(primaries) && primaries >= 1)) {
    throw new InvalidArgumentError('primaries', `primaries is a whole number, not ${primaries}. Give 1 or more.`);
  }
  assertReplicas(replicas);
  const tls = createTls(server.tls);
  const start = (): Promise<RedisNode> => startNode(server, (place) => clusterSettings(place, nodeTimeoutMs), tls);
  const nodes = await startTogether(Array.from({ length: primaries * (1 + replicas) }, start));
  return orStop(nodes, async () => {
    await withInquiry((inquiry) => formCluster(inquiry, nodes, primaries));
    const cluster = new Cluster(nodes, start, server.password);
    await cluster.settled();
    return cluster;
  });
}

function clusterSettings({ busPort }: Place, nodeTimeoutMs: number): readonly Setting[] {
  return [
    ['cluster-enabled', 'yes'],
    ['cluster-port', busPort],
    // known before a node has met another one
    ['cluster-announce-ip', '127.0.0.1'],
    ['cluster-node-timeout', nodeTimeoutMs],
    // roles change when a test says so
    ['cluster-allow-replica-migration', 'no'],
    ['repl-diskless-sync-delay', 0],
  ];
}

import { findServer } from '../find/find-server.js';
import { type Setting, writeConfig } from '../server/config-file.js';
import { HOST, RedisNode } from '../server/redis-node.js';
import { type ServerOptions, START_TIMEOUT_MS } from '../server/start-redis.js';

import type { Tls } from '../server/tls/create-tls.js';

export interface SentinelPlan {
  name: string;
  quorum: number;
  downAfterMs: number;
  failoverTimeoutMs: number;
  /** The first is the primary. */
  nodes: readonly RedisNode[];
  server: ServerOptions;
  tls: Tls | undefined;
}

/** One sentinel. It finds the other sentinels through the primary. */
export function startSentinelNode(plan: SentinelPlan): Promise<RedisNode> {
  const { name, quorum, downAfterMs, failoverTimeoutMs, nodes, server, tls } = plan;
  const [primary, ...replicas] = nodes as [RedisNode, ...RedisNode[]];
  const settings = ({ port, directory }: { port: number; directory: string }): readonly Setting[] => [
    ['bind', HOST],
    ...(tls ? tls.settings({ port, directory }) : [['port', port] satisfies Setting]),
    ['dir', directory],
    ['sentinel', 'monitor', name, HOST, primary.port, quorum],
    ['sentinel', 'down-after-milliseconds', name, downAfterMs],
    ['sentinel', 'failover-timeout', name, failoverTimeoutMs],
    ...(server.password === undefined ? [] : [['sentinel', 'auth-pass', name, server.password] satisfies Setting]),
    // what it would learn from the primary ten seconds later
    ...replicas.map((replica): Setting => ['sentinel', 'known-replica', name, HOST, replica.port]),
  ];
  return RedisNode.launch({
    binary: server.server ?? findServer(),
    startTimeoutMs: server.startTimeoutMs ?? START_TIMEOUT_MS,
    tls: tls?.client,
    ready: /\+monitor master/,
    commandLine: (place) => [writeConfig(place.directory, settings(place)), '--sentinel'],
  });
}

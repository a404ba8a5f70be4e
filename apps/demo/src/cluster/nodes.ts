import type { RedisCluster, RedisServer } from '@redis-functions/testing';
import type { NodeView } from '../functions/view.js';
import { type Answer, NOT_OURS, type NodeChange, type Question } from './messages.js';

/**
 * Answers the processes of the shop about the nodes of the cluster, and does to one of them what a page asks for.
 *
 * @param servers Undefined where they are somebody else's.
 */
export function answerWith(servers: RedisCluster | undefined): (question: Question) => Promise<Answer> {
  return async ({ id, change }) => {
    if (!servers) return { id, refusal: change ? NOT_OURS : null, nodes: null };
    const refusal = change ? await carryOut(servers, change.address, change.to) : null;
    return { id, refusal, nodes: await viewOf(servers) };
  };
}

const addressOf = ({ host, port }: RedisServer) => `${host}:${port}`;

async function viewOf(servers: RedisCluster): Promise<NodeView[]> {
  const primaries = await servers.primaries().catch((): RedisServer[] => []);
  return servers.nodes.map((node) => ({
    address: addressOf(node),
    role: primaries.includes(node) ? 'primary' : 'replica',
    isUp: node.isRunning,
  }));
}

/** @returns Why not; null when it is done. */
async function carryOut(servers: RedisCluster, address: string, to: NodeChange): Promise<string | null> {
  const node = servers.nodes.find((each) => addressOf(each) === address);
  if (!node) return `No node of the cluster is at ${address}. Reload the page.`;
  if (to === 'running') {
    if (!node.isRunning) await node.restart();
    return null;
  }
  // two of three primaries must agree on a successor
  if (servers.nodes.some(({ isRunning }) => !isRunning)) return 'Another node is down already. Bring it back first.';
  await node.kill();
  return null;
}

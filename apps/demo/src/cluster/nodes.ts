import type { RedisCluster, RedisServer } from '@redis-functions/testing';
import type { NodeView } from '../functions/view.js';
import { type Answer, NOT_OURS, type NodeChange, type Question } from './messages.js';

/**
 * Answers the processes of the shop about the nodes of the cluster, and does to one of them what a page asks for.
 *
 * @param servers Undefined where they are somebody else's.
 */
export function answerWith(servers: RedisCluster | undefined): (question: Question) => Promise<Answer> {
  let last: Promise<string | null> = Promise.resolve(null);
  return async ({ id, change }) => {
    if (!servers) return { id, refusal: change ? NOT_OURS : null, nodes: null };
    // one after the other: two pages that kill a node each would both find all nodes up
    if (change) last = last.then(() => carryOut(servers, change.address, change.to));
    return { id, refusal: change ? await last : null, nodes: await viewOf(servers) };
  };
}

/** A node is missed after a second, and its replica elected in another one or two. */
const TAKEOVER_MS = 8_000;

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
  try {
    return await (to === 'running' ? bringBack(servers, node) : kill(servers, node));
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function bringBack(servers: RedisCluster, node: RedisServer): Promise<null> {
  // a primary that comes back before its replica has its place is the primary again, with nothing in it: these servers
  // keep no files, and the replica would follow
  await servers.settled(TAKEOVER_MS);
  if (!node.isRunning) await node.restart();
  return null;
}

async function kill(servers: RedisCluster, node: RedisServer): Promise<string | null> {
  // two of three primaries must agree on a successor
  if (servers.nodes.some(({ isRunning }) => !isRunning)) return 'Another node is down already. Bring it back first.';
  // one that has just come back may not have the data yet, and would take over without it
  await servers.settled(TAKEOVER_MS);
  await node.kill();
  return null;
}

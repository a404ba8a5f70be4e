import { setTimeout as wait } from 'node:timers/promises';
import type { RedisNode } from '../server/redis-node.js';
import type { Inquiry } from '../topology/inquiry.js';
import { SLOTS } from './agreement.js';

const RETRY_MS = 20;

/** Tells new nodes their slots and roles: the first ones are primaries, the replicas follow in turns. */
export async function formCluster(inquiry: Inquiry, nodes: readonly RedisNode[], primaries: number): Promise<void> {
  const owners = nodes.slice(0, primaries);
  await Promise.all(
    owners.map(async (owner, at) => {
      const first = Math.floor((at * SLOTS) / primaries);
      const last = Math.floor(((at + 1) * SLOTS) / primaries) - 1;
      // epochs that differ from the start need not be sorted out by the nodes
      await inquiry.ask(owner, 'CLUSTER', 'SET-CONFIG-EPOCH', String(at + 1));
      await inquiry.ask(owner, 'CLUSTER', 'ADDSLOTSRANGE', String(first), String(last));
    }),
  );
  for (const [at, node] of nodes.entries()) await meet(inquiry, node, nodes.slice(at + 1));
  await Promise.all(
    nodes.slice(primaries).map((replica, at) => follow(inquiry, replica, owners[at % primaries] as RedisNode)),
  );
}

/** Each with each rather than one with all: gossip alone takes seconds. */
export async function meet(inquiry: Inquiry, node: RedisNode, others: readonly RedisNode[]): Promise<void> {
  for (const { host, port, busPort } of others) {
    await inquiry.ask(node, 'CLUSTER', 'MEET', host, String(port), String(busPort));
  }
}

/** Makes a node a replica as soon as it has met its primary. */
export async function follow(inquiry: Inquiry, replica: RedisNode, primary: RedisNode): Promise<void> {
  const id = await inquiry.askText(primary, 'CLUSTER', 'MYID');
  for (let attempt = 1; ; attempt++) {
    try {
      await inquiry.ask(replica, 'CLUSTER', 'REPLICATE', id);
      return;
    } catch (error) {
      if (!/Unknown node/.test((error as Error).message) || attempt === 500) throw error;
      await wait(RETRY_MS);
    }
  }
}

import type { RedisNode } from '../server/redis-node.js';
import { responsive } from '../topology/group.js';
import type { Inquiry } from '../topology/inquiry.js';
import { missingData, roleOf } from '../topology/roles.js';
import { countSlots, type NodeView, parseView, signatureOf } from './view.js';

export const SLOTS = 16_384;

/**
 * What is missing until the nodes that can answer agree: each knows each in the same role, every slot is with one of them,
 * every replica follows its primary, and the dead are known to be dead. The end of `redis-cli --cluster create` is earlier:
 * nodes still take replicas for primaries then.
 */
export async function missingAgreement(inquiry: Inquiry, nodes: readonly RedisNode[]): Promise<string | undefined> {
  const asked = responsive(nodes);
  const dead = nodes.filter((node) => !node.isRunning).map(({ port }) => port);
  if (asked.length === 0) return 'no node can answer';
  let agreed: string | undefined;
  for (const node of asked) {
    const view = parseView(await inquiry.askText(node, 'CLUSTER', 'NODES'));
    const missing = missingInView(view, asked, dead) ?? (await missingInState(inquiry, node));
    if (missing) return `${node.port}: ${missing}`;
    // a dead node keeps the last role that each gave it
    const signature = signatureOf(view.filter(({ port }) => !dead.includes(port)));
    agreed ??= signature;
    if (signature !== agreed) return `${node.port} and ${asked[0]?.port} do not agree on the roles`;
  }
  return missingOnReplicas(inquiry, asked);
}

async function missingOnReplicas(inquiry: Inquiry, asked: readonly RedisNode[]): Promise<string | undefined> {
  const [first] = asked;
  const view = first ? parseView(await inquiry.askText(first, 'CLUSTER', 'NODES')) : [];
  for (const primary of asked) {
    const seen = view.find(({ port }) => port === primary.port);
    const replicas = view.filter(({ primaryId, port }) => primaryId === seen?.id && asked.some((n) => n.port === port));
    // a primary without slots has no data to lose, and refuses every key
    const missing = seen?.slots.length ? await missingData(inquiry, primary, replicas.length) : undefined;
    if (missing) return missing;
  }
  return undefined;
}

function missingInView(view: readonly NodeView[], asked: readonly RedisNode[], dead: readonly number[]) {
  const unfinished = view.find(({ flags }) => flags.some((flag) => flag === 'handshake' || flag === 'noaddr'));
  if (unfinished) return `${unfinished.port} is being met`;
  let covered = 0;
  for (const { port } of asked) {
    const seen = view.find((node) => node.port === port);
    if (!seen) return `does not know ${port}`;
    if (seen.flags.some((flag) => flag.startsWith('fail'))) return `finds ${port} dead`;
    if (!seen.isLinked) return `has no link to ${port}`;
    covered += countSlots(seen);
  }
  const undetected = view.find(({ port, flags }) => dead.includes(port) && !flags.includes('fail'));
  if (undetected) return `does not know that ${undetected.port} is dead`;
  return covered === SLOTS ? undefined : `${SLOTS - covered} slots are with nobody who can answer`;
}

/** Whether a node takes the cluster for up, and follows whom it should. */
export async function missingInState(inquiry: Inquiry, node: RedisNode): Promise<string | undefined> {
  const info = await inquiry.askText(node, 'CLUSTER', 'INFO');
  if (!info.includes('cluster_state:ok')) return 'the cluster is down';
  const { isPrimary, isLinked, primaryPort } = await roleOf(inquiry, node);
  return isPrimary || isLinked ? undefined : `has not reached its primary ${primaryPort}`;
}

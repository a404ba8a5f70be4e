import { InvalidArgumentError } from '@redis-functions/core';
import type { RedisNode } from '../server/redis-node.js';
import type { ClientTls, RedisServer } from '../server/redis-server.js';
import { orStop, responsive, stopTogether } from '../topology/group.js';
import { type Inquiry, withInquiry } from '../topology/inquiry.js';
import { settle } from '../topology/settle.js';
import { missingAgreement, SLOTS } from './agreement.js';
import { chooseSlots } from './choose-slots.js';
import { copyFunctions } from './copy-functions.js';
import { follow, meet } from './form.js';
import type { AddPrimaryOptions, RedisCluster, ReshardOptions } from './redis-cluster.js';
import { beginSlotMove, moveSlots, type SlotMove } from './slot-move.js';
import { hasSlot, type NodeView, parseView } from './view.js';

/** A node and what the cluster says of it. */
interface Member {
  node: RedisNode;
  view: NodeView;
}

export class Cluster implements RedisCluster {
  readonly #nodes: RedisNode[];
  readonly #start: () => Promise<RedisNode>;
  readonly #password: string | undefined;
  declare readonly tls?: ClientTls;

  constructor(nodes: readonly RedisNode[], start: () => Promise<RedisNode>, password: string | undefined) {
    this.#nodes = [...nodes];
    this.#start = start;
    this.#password = password;
    const tls = nodes[0]?.tls;
    if (tls) this.tls = tls;
  }

  get nodes(): readonly RedisNode[] {
    return this.#nodes;
  }

  get url(): string {
    return this.#anyNode().url;
  }

  get addresses() {
    return this.#nodes.map(({ host, port }) => ({ host, port }));
  }

  primaries(): Promise<RedisNode[]> {
    return withInquiry(async (inquiry) => (await this.#primaries(inquiry)).map(({ node }) => node));
  }

  async replicasOf(primary: RedisServer): Promise<RedisNode[]> {
    const members = await withInquiry((inquiry) => this.#members(inquiry));
    const { view } = find(members, primary);
    return members.filter((member) => member.view.primaryId === view.id).map(({ node }) => node);
  }

  async slotOf(key: string): Promise<number> {
    return Number(await this.#anyNode().command('CLUSTER', 'KEYSLOT', key));
  }

  async ownerOf(keyOrSlot: string | number): Promise<RedisNode> {
    const slot = typeof keyOrSlot === 'number' ? assertSlot(keyOrSlot) : await this.slotOf(keyOrSlot);
    const primaries = await withInquiry((inquiry) => this.#primaries(inquiry));
    const owner = primaries.find(({ view }) => hasSlot(view, slot));
    if (!owner) throw new InvalidArgumentError('slot', `Nobody who can answer has slot ${slot}. Wait for settled().`);
    return owner.node;
  }

  async failover(primary?: RedisServer): Promise<RedisServer> {
    const members = await withInquiry((inquiry) => this.#members(inquiry, this.#nodes));
    const replicas = members.filter(({ node, view }) => !view.isPrimary && responsive([node]).length > 0);
    const next = primary ? replicas.find(({ view }) => view.primaryId === find(members, primary).view.id) : replicas[0];
    if (!next)
      throw new InvalidArgumentError('primary', 'No replica can take its place. Start with replicas, or resume one.');
    const old = members.find(({ view }) => view.id === next.view.primaryId)?.node;
    const isAlive = old !== undefined && responsive([old]).length > 0;
    await next.node.command('CLUSTER', 'FAILOVER', ...(isAlive ? [] : ['TAKEOVER']));
    await settle(async (inquiry) => {
      const [, ...rest] = (await inquiry.ask(next.node, 'ROLE')) as unknown[];
      return rest.length > 2 ? `${next.node.port} is still a replica` : missingAgreement(inquiry, this.#nodes);
    });
    return next.node;
  }

  async addPrimary({ withFunctions = true }: AddPrimaryOptions = {}): Promise<RedisServer> {
    const [first] = await this.primaries();
    return this.#add(async (_, node) => {
      if (withFunctions && first) await copyFunctions(first, node);
    });
  }

  addReplica(primary: RedisServer): Promise<RedisServer> {
    const followed = this.#nodes.find((node) => node === primary);
    if (!followed)
      throw new InvalidArgumentError('primary', `${primary.port} is not of this cluster. Give one that is.`);
    return this.#add((inquiry, node) => follow(inquiry, node, followed));
  }

  async reshard({ to, from, slots }: ReshardOptions): Promise<void> {
    const primaries = await withInquiry((inquiry) => this.#primaries(inquiry));
    const target = find(primaries, to);
    const groups = chooseSlots(primaries, target, from && find(primaries, from), slots);
    for (const [source, moving] of groups)
      await moveSlots(moving, { from: source.node, to: target.node, password: this.#password });
    await this.settled();
  }

  async beginMove(slot: number, to: RedisServer): Promise<SlotMove> {
    const from = await this.ownerOf(slot);
    const primaries = await withInquiry((inquiry) => this.#primaries(inquiry));
    const target = find(primaries, to).node;
    if (target === from)
      throw new InvalidArgumentError('to', `${to.port} has slot ${slot} already. Give another primary.`);
    return beginSlotMove(slot, { from, to: target, password: this.#password }, () => this.settled());
  }

  settled(timeoutMs?: number): Promise<void> {
    return settle((inquiry) => missingAgreement(inquiry, this.#nodes), timeoutMs);
  }

  stop(): Promise<void> {
    return stopTogether(this.#nodes);
  }

  async #add(join: (inquiry: Inquiry, node: RedisNode) => Promise<void>): Promise<RedisNode> {
    const present = responsive(this.#nodes);
    const node = await this.#start();
    return orStop([node], async () => {
      await withInquiry(async (inquiry) => {
        await meet(inquiry, node, present);
        await join(inquiry, node);
      });
      await settle((inquiry) => missingAgreement(inquiry, [...this.#nodes, node]));
      this.#nodes.push(node);
      return node;
    });
  }

  async #primaries(inquiry: Inquiry): Promise<Member[]> {
    return (await this.#members(inquiry)).filter(({ view }) => view.isPrimary);
  }

  /** Those that can answer, or all, as one of them sees them. */
  async #members(inquiry: Inquiry, nodes: readonly RedisNode[] = responsive(this.#nodes)): Promise<Member[]> {
    const views = parseView(await inquiry.askText(this.#anyNode(), 'CLUSTER', 'NODES'));
    return nodes.flatMap((node) => {
      const view = views.find(({ port }) => port === node.port);
      return view ? [{ node, view }] : [];
    });
  }

  #anyNode(): RedisNode {
    const node = responsive(this.#nodes)[0];
    if (!node) throw new InvalidArgumentError('nodes', 'No node of the cluster can answer. Resume or restart one.');
    return node;
  }
}

function find(members: readonly Member[], server: RedisServer): Member {
  const member = members.find(({ node }) => node === server);
  if (!member) {
    throw new InvalidArgumentError(
      'node',
      `${server.port} is none of the nodes in question. Give one of the cluster's.`,
    );
  }
  return member;
}

function assertSlot(slot: number): number {
  if (Number.isSafeInteger(slot) && slot >= 0 && slot < SLOTS) return slot;
  throw new InvalidArgumentError('slot', `There is no slot ${slot}. Give 0 to ${SLOTS - 1}.`);
}

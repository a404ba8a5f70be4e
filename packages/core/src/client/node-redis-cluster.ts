import calculateSlot from 'cluster-key-slot';
import { UnavailableError } from '../errors.js';
import { keyOf, ownerOf, ownersIn, type SlotOwner, slotOfOwner, slotOwners } from './cluster-slots.js';
import { isNodeRedisOffline, isNodeRedisServerError, type NodeRedisClient, nodeRedisNode } from './node-redis.js';
import type { ClientPort, Command, PrimaryNode } from './port.js';
import { saysPrimary } from './primary.js';
import { type Connectable, whenReady } from './when-ready.js';

/** The slice of a node-redis cluster client (version 6) that this package calls. Any `createCluster()` value has it. */
export interface NodeRedisCluster extends Connectable {
  readonly slots: readonly ({ readonly master: { readonly address: string } } | undefined)[];
  sendCommand(
    key: string | Buffer | undefined,
    isReadonly: boolean | undefined,
    command: (string | Buffer)[],
  ): Promise<unknown>;
  getNodeClientForKey(key: string | Buffer): Promise<Pick<NodeRedisClient, 'sendCommand' | 'duplicate'>>;
}

/** Brings a node-redis cluster client to the port. Its owner opens it, keeps it open and closes it. */
export function nodeRedisClusterPort(cluster: NodeRedisCluster, address = 'the given cluster'): ClientPort {
  const send = (command: Command, key: string | Buffer | undefined, readOnly = false) =>
    cluster.sendCommand(key, readOnly, [...command]);

  // asked of the cluster each time: the client renews its own picture only when it is redirected
  async function owners(): Promise<SlotOwner[]> {
    try {
      return slotOwners(await send(['CLUSTER', 'SLOTS'], undefined));
    } catch (error) {
      // the node that was asked is busy, or may not be asked: the others can be helped all the same
      if (!isNodeRedisServerError(error)) throw error;
      return ownersIn(Array.from(cluster.slots, (slot) => slot?.master.address));
    }
  }

  /** @param mayHaveMoved Whether to be redirected, and to learn of a new primary, before anything is sent there. */
  async function reach(owner: SlotOwner, mayHaveMoved: boolean): Promise<PrimaryNode> {
    const key = keyOf(owner);
    // what a busy or full server says is no matter
    if (mayHaveMoved) await send(['EXISTS', key], key).catch(ignoreServerError);
    return nodeRedisNode(await cluster.getNodeClientForKey(key), owner.id, key);
  }

  async function toNode(owner: SlotOwner): Promise<PrimaryNode> {
    return {
      ...(await reach(owner, isNews(owner))),
      // work of several steps is what deploys are: it goes to whoever is the primary by then
      isolated: async (work) => (await reach(owner, true)).isolated(work),
    };
  }

  /** The client has another picture than the cluster. */
  function isNews(owner: SlotOwner): boolean {
    return cluster.slots[slotOfOwner(owner)]?.master.address !== owner.id;
  }

  return {
    address,
    followsFailover: true,
    get isReady() {
      return cluster.isReady;
    },
    whenReady: () => whenReady(cluster, address),
    send: (command, { key, readOnly }) => send(command, key, readOnly),
    primaries: async () => Promise.all((await owners()).map(toNode)),
    async primaryFor(key) {
      const all = await owners();
      const owner = key === undefined ? all[Math.floor(Math.random() * all.length)] : ownerOf(all, key);
      if (owner) return toNode(owner);
      throw new UnavailableError(
        'NOT_CONNECTED',
        `No node of ${address} owns the slot right now. Try again in a moment.`,
      );
    },
    confirmPrimary: saysPrimary,
    isServerError: isNodeRedisServerError,
    wasNotSent: isNodeRedisOffline,
    slotOf: (key) => calculateSlot(key),
    nodeOf: (slot) => cluster.slots[slot]?.master.address ?? address,
    close: async () => {},
  };
}

function ignoreServerError(error: unknown): void {
  if (!isNodeRedisServerError(error)) throw error;
}

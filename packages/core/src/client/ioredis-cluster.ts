import calculateSlot from 'cluster-key-slot';
import { UnavailableError } from '../errors.js';
import { keyOf, ownerOf, ownersIn, type SlotOwner, slotOfOwner, slotOwners } from './cluster-slots.js';
import {
  call,
  type IoredisClient,
  ioredisNode,
  isIoredisOffline,
  isIoredisServerError,
  whenIoredisReady,
} from './ioredis.js';
import type { ClientPort, PrimaryNode } from './port.js';
import { saysPrimary } from './primary.js';

/** The slice of an ioredis cluster client (version 5 or 6) that this package calls. Any `new Cluster()` value has it. */
export interface IoredisCluster {
  readonly isCluster: boolean;
  readonly status: string;
  /** Of each slot, its primary and then its replicas. */
  readonly slots: readonly (readonly string[])[];
  nodes(role: 'master'): readonly IoredisClient[];
  call(command: string, ...args: (string | Buffer)[]): Promise<unknown>;
  connect(): Promise<unknown>;
  on(event: 'ready' | 'end', listener: () => void): unknown;
  off(event: 'ready' | 'end', listener: () => void): unknown;
}

/** Brings an ioredis cluster client to the port. Its owner opens it, keeps it open and closes it. */
export function ioredisClusterPort(cluster: IoredisCluster, address = 'the given cluster'): ClientPort {
  async function owners(): Promise<SlotOwner[]> {
    const [any] = cluster.nodes('master');
    if (!any) throw nobody(address);
    try {
      return slotOwners(await call(any, ['CLUSTER', 'SLOTS']));
    } catch (error) {
      // the node that was asked is busy, or may not be asked: the others can be helped all the same
      if (!isIoredisServerError(error)) throw error;
      return ownersIn(Array.from(cluster.slots, (slot) => slot?.[0]));
    }
  }

  /** @param mayHaveMoved Whether to be redirected, and to learn of a new primary, before anything is sent there. */
  async function reach(owner: SlotOwner, mayHaveMoved: boolean): Promise<PrimaryNode> {
    const key = keyOf(owner);
    // what a busy or full server says is no matter
    if (mayHaveMoved) await cluster.call('EXISTS', key).catch(ignoreServerError);
    const client = cluster.nodes('master').find(({ options: { host, port } }) => `${host}:${port}` === owner.id);
    if (!client) throw nobody(address);
    return ioredisNode(client, owner.id, key);
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
    return cluster.slots[slotOfOwner(owner)]?.[0] !== owner.id;
  }

  return {
    address,
    followsFailover: true,
    get isReady() {
      return cluster.status === 'ready';
    },
    whenReady: () => whenIoredisReady(cluster, address),
    // it finds the keys of FCALL by itself
    send: (command) => call(cluster, command),
    primaries: async () => Promise.all((await owners()).map(toNode)),
    async primaryFor(key) {
      const all = await owners();
      const owner = key === undefined ? all[Math.floor(Math.random() * all.length)] : ownerOf(all, key);
      if (!owner) throw nobody(address);
      return toNode(owner);
    },
    confirmPrimary: saysPrimary,
    isServerError: isIoredisServerError,
    wasNotSent: isIoredisOffline,
    slotOf: (key) => calculateSlot(key),
    nodeOf: (slot) => cluster.slots[slot]?.[0] ?? address,
    close: async () => {},
  };
}

function nobody(address: string): UnavailableError {
  return new UnavailableError('NOT_CONNECTED', `No node of ${address} can be asked right now. Try again in a moment.`);
}

function ignoreServerError(error: unknown): void {
  if (!isIoredisServerError(error)) throw error;
}

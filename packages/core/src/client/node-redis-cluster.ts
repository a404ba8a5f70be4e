import { toArray, toInteger, toText } from '../replies.js';
import { isNodeRedisServerError, type NodeRedisClient, nodeRedisNode } from './node-redis.js';
import type { ClientPort, Command, PrimaryNode } from './port.js';
import { keyInSlot } from './slots.js';
import { type Connectable, whenReady } from './when-ready.js';

/** The slice of a node-redis cluster client (version 6) that this package calls. Any `createCluster()` value has it. */
export interface NodeRedisCluster extends Connectable {
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

  async function nodeOf(key: string | Buffer, id: string): Promise<PrimaryNode> {
    // a redirection is what makes the client look for new primaries, and only a command with a key is redirected
    await send(['EXISTS', key], key);
    return nodeRedisNode(await cluster.getNodeClientForKey(key), id);
  }

  return {
    address,
    get isReady() {
      return cluster.isReady;
    },
    whenReady: () => whenReady(cluster, address),
    send: (command, { key, readOnly }) => send(command, key, readOnly),
    async primaries() {
      const slots = firstSlots(await send(['CLUSTER', 'SLOTS'], undefined));
      return Promise.all([...slots].map(([id, slot]) => nodeOf(keyInSlot(slot), id)));
    },
    async primaryFor(key) {
      if (key !== undefined) return nodeOf(key, `the node of ${key}`);
      const [[id, slot] = [address, 0]] = firstSlots(await send(['CLUSTER', 'SLOTS'], undefined));
      return nodeOf(keyInSlot(slot), id);
    },
    isServerError: isNodeRedisServerError,
    close: async () => {},
  };
}

/** host:port of each primary that has slots → its first slot. */
export function firstSlots(clusterSlots: unknown): Map<string, number> {
  const slots = new Map<string, number>();
  for (const [first, , primary] of toArray(clusterSlots).map(toArray)) {
    const [host, port] = toArray(primary);
    const id = `${toText(host)}:${toInteger(port)}`;
    if (!slots.has(id)) slots.set(id, toInteger(first));
  }
  return slots;
}

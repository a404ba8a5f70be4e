import type { ClientTls, RedisServer } from '../server/redis-server.js';
import type { SlotMove } from './slot-move.js';

/** A cluster of one's own on 127.0.0.1. */
export interface RedisCluster {
  /** In the order of their start; the first ones were the primaries then. Includes those that were killed. */
  readonly nodes: readonly RedisServer[];
  /** Of the first node that runs. */
  readonly url: string;
  /** Of every node: what a client is given to begin with. */
  readonly addresses: readonly { host: string; port: number }[];
  /** What a client needs for TLS; absent without TLS. */
  readonly tls?: ClientTls;
  /** The primaries that can answer, those without slots included. */
  primaries(): Promise<RedisServer[]>;
  /** The replicas of a primary that can answer. */
  replicasOf(primary: RedisServer): Promise<RedisServer[]>;
  slotOf(key: string): Promise<number>;
  /** The primary of a key, or of a slot by its number. */
  ownerOf(keyOrSlot: string | number): Promise<RedisServer>;
  /**
   * Makes a replica the primary in its place: in order where the primary can answer (CLUSTER FAILOVER), at once and without
   * a vote where it cannot (TAKEOVER).
   *
   * @param primary Default: the first one that has a replica.
   * @returns The new primary, when all nodes agree.
   */
  failover(primary?: RedisServer): Promise<RedisServer>;
  /** Adds an empty primary without slots. Give it some with `reshard`. */
  addPrimary(options?: AddPrimaryOptions): Promise<RedisServer>;
  addReplica(primary: RedisServer): Promise<RedisServer>;
  /** Moves slots with their keys, while clients go on. Returns when all nodes agree. */
  reshard(options: ReshardOptions): Promise<void>;
  /** Begins to move one slot and leaves it between its primary and `to`. */
  beginMove(slot: number, to: RedisServer): Promise<SlotMove>;
  /**
   * Waits until all nodes that can answer agree, and every slot is with one of them: after a `kill()`, until a replica has
   * taken over. Default: 30,000 ms at most.
   */
  settled(timeoutMs?: number): Promise<void>;
  stop(): Promise<void>;
}

export interface AddPrimaryOptions {
  /** Copies the function libraries of the first primary, as `redis-cli --cluster add-node` does. Default: true. */
  withFunctions?: boolean;
}

export interface ReshardOptions {
  /** The primary that gets slots. */
  to: RedisServer;
  /** The primary that gives them. Default: the primary with the most slots. */
  from?: RedisServer;
  /** How many, or which. Default: half of those of `from`. */
  slots?: number | readonly number[];
}

import type { NodeView } from '../functions/view.js';

/** What can be done to a node of the cluster. */
export const NODE_CHANGES = ['killed', 'running'] as const;
export type NodeChange = (typeof NODE_CHANGES)[number];

/** From a process of the shop to the one that has started the cluster. */
export interface Question {
  readonly id: number;
  /** Undefined: only how the nodes are. */
  readonly change?: { readonly address: string; readonly to: NodeChange };
  /** For every process of the shop. */
  readonly traffic?: Traffic;
}

/** To every process: whether it calls its counters from now on. */
export interface Traffic {
  readonly isRunning: boolean;
}

/** Back to the process that has asked. */
export interface Answer {
  readonly id: number;
  /** Null where the servers are somebody else's. */
  readonly nodes: readonly NodeView[] | null;
  /** Why the change was refused; null where it was done. */
  readonly refusal: string | null;
}

/** Whoever runs the servers may kill them. */
export const NOT_OURS = 'The servers are not of this shop. Start it with npm run start:cluster, without REDIS_CLUSTER.';

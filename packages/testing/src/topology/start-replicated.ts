import { InvalidArgumentError } from '@redis-functions/core';
import type { RedisNode } from '../server/redis-node.js';
import type { RedisServer } from '../server/redis-server.js';
import { type ServerOptions, startNode } from '../server/start-redis.js';
import { createTls } from '../server/tls/create-tls.js';
import { orStop, responsive, startTogether, stopTogether } from './group.js';
import { withInquiry } from './inquiry.js';
import { missingReplication } from './roles.js';
import { settle } from './settle.js';

export interface StartReplicatedOptions extends ServerOptions {
  /** How many replicas the primary has. Default: 1. */
  replicas?: number;
}

/** A primary and its replicas, without anybody who watches over them. */
export interface RedisReplicated {
  /** In the order of their start: the first one was the primary then. */
  readonly nodes: readonly RedisServer[];
  readonly primary: RedisServer;
  readonly replicas: readonly RedisServer[];
  /** Of the primary. */
  readonly url: string;
  /**
   * Makes a replica the primary, and the old primary its replica: without loss where the old one can answer (FAILOVER), at
   * once where it cannot. An old primary that was dead comes back as a primary, as it would in production.
   *
   * @returns The new primary, when every server follows it.
   */
  failover(): Promise<RedisServer>;
  /** Waits until every server that can answer follows the primary. Default: 30,000 ms at most. */
  settled(timeoutMs?: number): Promise<void>;
  stop(): Promise<void>;
}

/** @throws ServerNotFoundError, ServerStartError, NotSettledError. */
export async function startReplicated({
  replicas = 1,
  ...options
}: StartReplicatedOptions = {}): Promise<RedisReplicated> {
  assertReplicas(replicas);
  const nodes = await startPrimaryWithReplicas(replicas, options);
  const replicated = new Replicated(nodes);
  await orStop(nodes, () => replicated.settled());
  return replicated;
}

export function assertReplicas(replicas: number): void {
  if (Number.isSafeInteger(replicas) && replicas >= 0) return;
  throw new InvalidArgumentError('replicas', `replicas is a whole number, not ${replicas}. Give 0 or more.`);
}

/** The primary is the first. */
export async function startPrimaryWithReplicas(
  replicas: number,
  options: ServerOptions,
  tls = createTls(options.tls),
): Promise<RedisNode[]> {
  const primary = await startNode(options, () => [['repl-diskless-sync-delay', 0]], tls);
  const following = () => [
    ['repl-diskless-sync-delay', 0] as const,
    ['replicaof', primary.host, primary.port] as const,
  ];
  const started = Array.from({ length: replicas }, () => startNode(options, following, tls));
  return orStop([primary], async () => [primary, ...(await startTogether(started))]);
}

class Replicated implements RedisReplicated {
  readonly nodes: readonly RedisNode[];
  #primary: RedisNode;

  constructor(nodes: readonly RedisNode[]) {
    this.nodes = nodes;
    this.#primary = nodes[0] as RedisNode;
  }

  get primary(): RedisNode {
    return this.#primary;
  }

  get replicas(): readonly RedisNode[] {
    return this.nodes.filter((node) => node !== this.#primary);
  }

  get url(): string {
    return this.#primary.url;
  }

  async failover(): Promise<RedisServer> {
    const old = this.#primary;
    const next = responsive(this.replicas)[0];
    if (!next)
      throw new InvalidArgumentError('replicas', 'No replica can take over. Start with replicas, or resume one.');
    const others = responsive(this.replicas).filter((node) => node !== next);
    await withInquiry(async (inquiry) => {
      if (responsive([old]).length > 0) {
        await inquiry.ask(old, 'FAILOVER', 'TO', next.host, String(next.port), 'TIMEOUT', '10000', 'FORCE');
      } else {
        await inquiry.ask(next, 'REPLICAOF', 'NO', 'ONE');
      }
      for (const node of others) await inquiry.ask(node, 'REPLICAOF', next.host, String(next.port));
    });
    this.#primary = next;
    await this.settled();
    // so that a restart keeps the roles
    await Promise.all(responsive(this.nodes).map((node) => node.command('CONFIG', 'REWRITE')));
    return next;
  }

  settled(timeoutMs?: number): Promise<void> {
    return settle((inquiry) => missingReplication(inquiry, this.#primary, this.nodes), timeoutMs);
  }

  stop(): Promise<void> {
    return stopTogether(this.nodes);
  }
}

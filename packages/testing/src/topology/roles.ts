import { randomUUID } from 'node:crypto';
import type { RedisNode } from '../server/redis-node.js';
import { responsive } from './group.js';
import type { Inquiry } from './inquiry.js';

export interface Role {
  readonly isPrimary: boolean;
  /** Of a replica: whose it is, and whether it follows it. */
  readonly primaryPort: number | undefined;
  readonly isLinked: boolean;
}

export async function roleOf(inquiry: Inquiry, node: RedisNode): Promise<Role> {
  const [role, , port, link] = (await inquiry.ask(node, 'ROLE')) as unknown[];
  if (role !== 'slave') return { isPrimary: true, primaryPort: undefined, isLinked: false };
  return { isPrimary: false, primaryPort: Number(port), isLinked: link === 'connected' };
}

/** What is missing until every server that can answer follows `primary`, and `primary` knows how far each is. */
export async function missingReplication(
  inquiry: Inquiry,
  primary: RedisNode,
  nodes: readonly RedisNode[],
): Promise<string | undefined> {
  if (!(await roleOf(inquiry, primary)).isPrimary) return `${primary.port} is no primary`;
  const replicas = responsive(nodes).filter((node) => node !== primary);
  for (const replica of replicas) {
    const { isPrimary, primaryPort, isLinked } = await roleOf(inquiry, replica);
    if (isPrimary) return `${replica.port} is no replica`;
    if (primaryPort !== primary.port) return `${replica.port} follows ${primaryPort}, not ${primary.port}`;
    if (!isLinked) return `${replica.port} has not reached ${primary.port}`;
  }
  return missingData(inquiry, primary, replicas.length);
}

/** What is missing until a write on `primary` reaches so many replicas. */
export async function missingData(inquiry: Inquiry, primary: RedisNode, replicas: number): Promise<string | undefined> {
  if (replicas === 0) return undefined;
  // A replica that calls itself connected may wait up to a second for its first changes, and a failover in that second loses
  // all of them. WAIT alone does not show it: without a write on its own connection it counts every connected replica.
  await writeNothing(inquiry, primary);
  const reached = Number(await inquiry.ask(primary, 'WAIT', String(replicas), '1000'));
  return reached >= replicas ? undefined : `${reached} of ${replicas} replicas of ${primary.port} have all data`;
}

/** A change that nobody sees: a key that is gone when its transaction ends. */
async function writeNothing(inquiry: Inquiry, primary: RedisNode): Promise<void> {
  for (;;) {
    const key = `redis-functions:${randomUUID()}`;
    try {
      await inquiry.ask(primary, 'MULTI');
      await inquiry.ask(primary, 'SET', key, '');
      await inquiry.ask(primary, 'DEL', key);
      await inquiry.ask(primary, 'EXEC');
      return;
    } catch (error) {
      // the slot of another primary: the next key may be one of its own
      if (!(error as Error).message.startsWith('MOVED')) throw error;
    }
  }
}

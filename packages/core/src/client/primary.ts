import { toArray, toText } from '../replies.js';
import type { PrimaryNode } from './port.js';

/** Tells deployers to one server of each other. In a cluster each primary has one in a slot of its own. */
export const REGISTRY_KEY = 'rf:deploy';

/** What the server itself says. A replica also refuses to load, later and with a worse explanation. */
export async function saysPrimary(node: PrimaryNode): Promise<boolean> {
  const [role] = toArray(await node.send(['ROLE']));
  return toText(role) === 'master';
}

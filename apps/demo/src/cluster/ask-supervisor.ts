import type { NodeView } from '../functions/view.js';
import type { Answer, NodeChange, Question } from './messages.js';

import { NOT_OURS } from './messages.js';

export { NODE_CHANGES } from './messages.js';

/** Set by `npm run start:cluster` for the processes that it starts. */
export const IS_SUPERVISED = process.env['SHOP_SUPERVISED'] === '1' && process.send !== undefined;

const waiting = new Map<number, (answer: Answer) => void>();
let lastId = 0;
let isListening = false;

/** The nodes of the cluster on this machine; null where the shop was not started with one. */
export async function nodesOfCluster(): Promise<readonly NodeView[] | null> {
  return IS_SUPERVISED ? (await ask()).nodes : null;
}

/** @returns Why not; null when it is done. */
export async function changeNode(address: string, to: NodeChange): Promise<string | null> {
  if (!IS_SUPERVISED) return NOT_OURS;
  return (await ask({ address, to })).refusal;
}

function ask(change?: Question['change']): Promise<Answer> {
  if (!isListening) {
    isListening = true;
    process.on('message', (message: Answer) => {
      waiting.get(message.id)?.(message);
      waiting.delete(message.id);
    });
  }
  const id = ++lastId;
  return new Promise((resolve, reject) => {
    waiting.set(id, resolve);
    process.send?.({ id, ...(change && { change }) } satisfies Question, (error: Error | null) => {
      if (error) reject(error);
    });
  });
}

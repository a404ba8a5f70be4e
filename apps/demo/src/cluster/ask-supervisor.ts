import type { NodeView } from '../functions/view.js';
import { type Answer, NOT_OURS, type NodeChange, type Question, type Traffic } from './messages.js';

export { NODE_CHANGES } from './messages.js';

/** Set by `npm run start:cluster` for the processes that it starts. */
export const IS_SUPERVISED = process.env['SHOP_SUPERVISED'] === '1' && process.send !== undefined;

const waiting = new Map<number, (answer: Answer) => void>();
let lastId = 0;
let isListening = false;

/** The nodes of the cluster on this machine; null where the shop was not started with one. */
export async function nodesOfCluster(): Promise<readonly NodeView[] | null> {
  return IS_SUPERVISED ? (await ask({})).nodes : null;
}

/** @returns Why not; null when it is done. */
export async function changeNode(address: string, to: NodeChange): Promise<string | null> {
  if (!IS_SUPERVISED) return NOT_OURS;
  return (await ask({ change: { address, to } })).refusal;
}

/** Every process of the shop has been told when it resolves. */
export async function switchTraffic(isRunning: boolean): Promise<void> {
  await ask({ traffic: { isRunning } });
}

/** Hears what any process has asked all of them for. */
export function hearTraffic(listener: (isRunning: boolean) => void): void {
  process.on('message', (message: Answer | Traffic) => {
    if ('isRunning' in message) listener(message.isRunning);
  });
}

function ask(question: Omit<Question, 'id'>): Promise<Answer> {
  if (!isListening) {
    isListening = true;
    process.on('message', (message: Answer | Traffic) => {
      if (!('id' in message)) return;
      waiting.get(message.id)?.(message);
      waiting.delete(message.id);
    });
  }
  const id = ++lastId;
  return new Promise((resolve, reject) => {
    waiting.set(id, resolve);
    process.send?.({ id, ...question } satisfies Question, (error: Error | null) => {
      if (error) reject(error);
    });
  });
}

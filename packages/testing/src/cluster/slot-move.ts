import type { RedisNode } from '../server/redis-node.js';
import type { RedisServer } from '../server/redis-server.js';
import { type Inquiry, withInquiry } from '../topology/inquiry.js';
import { settle } from '../topology/settle.js';
import { missingInState } from './agreement.js';

const KEYS_AT_ONCE = 100;
const LANES = 16;
const SLOTS_PER_LANE = 16;
const MIGRATE_TIMEOUT_MS = 5_000;

/** Instead of a reply, where the new primary takes the cluster for down: on a busy machine, when it was not heard for a while. */
const DOWN = Symbol('down');

/**
 * A slot on its way to another primary. Until `finish()`, the old primary answers for keys that it still has and sends for
 * others to the new one (ASK); a call on keys of which only some have moved is answered with TRYAGAIN.
 */
export interface SlotMove {
  readonly slot: number;
  readonly from: RedisServer;
  readonly to: RedisServer;
  /** Moves these keys now. */
  move(...keys: string[]): Promise<void>;
  /** Moves what is left, and makes the new primary the owner. */
  finish(): Promise<void>;
  /** Moves everything back, and leaves the slot with its owner. */
  cancel(): Promise<void>;
}

export interface MoveEnds {
  readonly from: RedisNode;
  readonly to: RedisNode;
  readonly password: string | undefined;
}

export async function beginSlotMove(slot: number, ends: MoveEnds, settled: () => Promise<void>): Promise<SlotMove> {
  const { from, to } = ends;
  await withInquiry((inquiry) => openSlots(inquiry, [slot], ends));
  return {
    slot,
    from,
    to,
    move: (...keys) => withInquiry((inquiry) => moveKeys(inquiry, from, to, keys, ends.password)),
    async finish() {
      await withInquiry((inquiry) => finishSlots(inquiry, [slot], ends));
      await settled();
    },
    async cancel() {
      await withInquiry(async (inquiry) => {
        // as long as it gives the slot away, the owner takes no key back; the other one needs it open to send them
        await inquiry.ask(from, 'CLUSTER', 'SETSLOT', String(slot), 'STABLE');
        await moveAllKeys(inquiry, slot, { ...ends, from: to, to: from });
        await inquiry.ask(to, 'CLUSTER', 'SETSLOT', String(slot), 'STABLE');
      });
      await settled();
    },
  };
}

/**
 * Moves whole slots. Several at a time: Valkey answers each SETSLOT when the replicas have it too, and half a primary would
 * take ten seconds one after the other.
 */
export async function moveSlots(slots: readonly number[], ends: MoveEnds): Promise<void> {
  const lanes = Math.min(LANES, Math.ceil(slots.length / SLOTS_PER_LANE));
  await Promise.all(
    Array.from({ length: lanes }, (_, lane) =>
      withInquiry(async (inquiry) => {
        const own = slots.filter((_, at) => at % lanes === lane);
        await openSlots(inquiry, own, ends);
        await finishSlots(inquiry, own, ends);
      }),
    ),
  );
}

/** The new primary first: it must expect what the old one sends its way. */
async function openSlots(inquiry: Inquiry, slots: readonly number[], { from, to }: MoveEnds): Promise<void> {
  const [fromId, toId] = await Promise.all([from, to].map((node) => inquiry.askText(node, 'CLUSTER', 'MYID')));
  await Promise.all(slots.map((slot) => inquiry.ask(to, 'CLUSTER', 'SETSLOT', String(slot), 'IMPORTING', `${fromId}`)));
  await Promise.all(slots.map((slot) => inquiry.ask(from, 'CLUSTER', 'SETSLOT', String(slot), 'MIGRATING', `${toId}`)));
}

async function finishSlots(inquiry: Inquiry, slots: readonly number[], ends: MoveEnds): Promise<void> {
  const { from, to } = ends;
  const counts = await Promise.all(slots.map((slot) => inquiry.ask(from, 'CLUSTER', 'COUNTKEYSINSLOT', String(slot))));
  for (const [at, slot] of slots.entries()) if (counts[at] !== 0) await moveAllKeys(inquiry, slot, ends);
  const id = await inquiry.askText(to, 'CLUSTER', 'MYID');
  // the new owner first: a slot that the old one gave away and nobody took would be refused to clients; others hear of it
  for (const node of [to, from]) {
    await Promise.all(slots.map((slot) => inquiry.ask(node, 'CLUSTER', 'SETSLOT', String(slot), 'NODE', id)));
  }
}

async function moveAllKeys(inquiry: Inquiry, slot: number, { from, to, password }: MoveEnds): Promise<void> {
  for (;;) {
    const keys = await inquiry.ask(from, 'CLUSTER', 'GETKEYSINSLOT', String(slot), String(KEYS_AT_ONCE));
    if ((keys as string[]).length === 0) return;
    await moveKeys(inquiry, from, to, keys as string[], password);
  }
}

async function moveKeys(
  inquiry: Inquiry,
  from: RedisNode,
  to: RedisNode,
  keys: readonly string[],
  password: string | undefined,
): Promise<void> {
  const login = password === undefined ? [] : ['AUTH', password];
  const target = [to.host, String(to.port), '', '0', String(MIGRATE_TIMEOUT_MS)];
  const migrate = ['MIGRATE', ...target, ...login, 'KEYS', ...keys];
  let reply = await inquiry.ask(from, ...migrate).catch(whereDown);
  while (reply === DOWN) {
    await settle((asking) => missingInState(asking, to));
    // those that went before it was down are no longer here
    reply = await inquiry.ask(from, ...migrate).catch(whereDown);
    if (reply === 'NOKEY') return;
  }
  if (reply === 'OK') return;
  throw new Error(
    `${from.port} has none of the keys ${keys.join(', ')}. Move keys that are in the slot, with names in UTF-8.`,
  );
}

function whereDown(error: unknown): typeof DOWN {
  if (error instanceof Error && error.message.includes('CLUSTERDOWN')) return DOWN;
  throw error;
}

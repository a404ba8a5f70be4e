import calculateSlot from 'cluster-key-slot';
import { toArray, toInteger, toText } from '../replies.js';

/** A primary of a cluster and the slots it owns. */
export interface SlotOwner {
  /** host:port. */
  readonly id: string;
  /** First and last slot of each range. */
  readonly ranges: readonly (readonly [number, number])[];
}

/** Reads a reply of CLUSTER SLOTS. Primaries without slots are not in it; no call is routed to them either. */
export function slotOwners(reply: unknown): SlotOwner[] {
  const owners = new Map<string, [number, number][]>();
  for (const [first, last, primary] of toArray(reply).map(toArray)) {
    const [host, port] = toArray(primary);
    const id = `${toText(host)}:${toInteger(port)}`;
    const range: [number, number] = [toInteger(first), toInteger(last)];
    owners.set(id, [...(owners.get(id) ?? []), range]);
  }
  return [...owners].map(([id, ranges]) => ({ id, ranges }));
}

/** The same from a client's own picture: the address of the primary of each slot. */
export function ownersIn(primaries: readonly (string | undefined)[]): SlotOwner[] {
  const owners = new Map<string, [number, number][]>();
  primaries.forEach((id, slot) => {
    if (id === undefined) return;
    const ranges = owners.get(id) ?? [];
    const last = ranges.at(-1);
    if (last?.[1] === slot - 1) last[1] = slot;
    else ranges.push([slot, slot]);
    owners.set(id, ranges);
  });
  return [...owners].map(([id, ranges]) => ({ id, ranges }));
}

export function ownerOf(owners: readonly SlotOwner[], key: string | Buffer): SlotOwner | undefined {
  const slot = calculateSlot(key);
  return owners.find(({ ranges }) => ranges.some(([first, last]) => first <= slot && slot <= last));
}

/** Where `keyOf` leads. */
export function slotOfOwner({ ranges }: SlotOwner): number {
  return Math.min(...ranges.map(([first]) => first));
}

/** The way to a node where a command has no key of its own, and where deployers to it meet. */
export function keyOf(owner: SlotOwner): string {
  return keyInSlot(slotOfOwner(owner));
}

const keys = new Map<number, string>();
let tried = 0;

/** A key of ours that hashes to the slot. */
export function keyInSlot(slot: number): string {
  for (; !keys.has(slot); tried++) {
    const key = `rf:{${tried}}`;
    const of = calculateSlot(key);
    if (!keys.has(of)) keys.set(of, key);
  }
  return keys.get(slot) as string;
}

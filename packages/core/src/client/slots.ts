import calculateSlot from 'cluster-key-slot';

const keys = new Map<number, string>();

/** A key of ours that hashes to the slot: the way to a cluster's node where a command has no key of its own. */
export function keyInSlot(slot: number): string {
  for (let n = keys.size; !keys.has(slot); n++) {
    const key = `rf:{${n}}`;
    const of = calculateSlot(key);
    if (!keys.has(of)) keys.set(of, key);
  }
  return keys.get(slot) as string;
}

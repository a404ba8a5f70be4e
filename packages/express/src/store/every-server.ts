import type { RedisFunctions } from '@redis-functions/core';

const SLOTS = 16_384;

/** One key for each server that has slots, so that a function can be called on every one of them. */
export async function keyOnEveryServer(functions: RedisFunctions): Promise<string[]> {
  // a client that is not connected as yet knows of no server
  await functions.ping();
  const servers = new Set<string>();
  for (let slot = 0; slot < SLOTS; slot++) servers.add(functions.nodeOf(slot));
  const keys = new Map<string, string>();
  for (let n = 0; keys.size < servers.size; n++) {
    const server = functions.nodeOf(functions.slotOf(String(n)));
    if (!keys.has(server)) keys.set(server, String(n));
  }
  return [...keys.values()];
}

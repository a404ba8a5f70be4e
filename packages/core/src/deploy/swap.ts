import type { Command } from '../client/port.js';
import type { Library } from '../define/library.js';
import { writePayload } from '../payload/write-payload.js';

type Send = (command: Command) => Promise<unknown>;

/** Long enough for any deploy; the key only tells deployers of each other, the code on the server is the record. */
const REGISTRY_TTL_MS = 86_400_000;

/**
 * Loads libraries in one step unless somebody else has deployed to this server meanwhile: compare-and-set around
 * FUNCTION LOAD. The comparison is `decide`, which reads the libraries themselves under WATCH.
 *
 * @param send A connection of its own.
 * @returns What `decide` decided on, once it holds.
 */
export async function swapLibraries<Plan>(
  send: Send,
  registryKey: string,
  decide: (send: Send) => Promise<{ plan: Plan; load: readonly Library[] }>,
): Promise<Plan> {
  for (;;) {
    await send(['WATCH', registryKey]);
    const { plan, load } = await decide(send);
    if (load.length === 0) {
      await send(['UNWATCH']);
      return plan;
    }
    const [, , , outcome] = await Promise.all([
      send(['MULTI']),
      send(loadCommand(load)),
      send(['SET', registryKey, describe(load), 'PX', String(REGISTRY_TTL_MS)]),
      send(['EXEC']),
    ]);
    // nil: another deployer came first, so what was decided on no longer holds
    if (outcome === null) continue;
    const [loaded] = outcome as unknown[];
    if (loaded instanceof Error) throw loaded;
    return plan;
  }
}

/** One library by its text, for the clearer error; several in one payload, which is all or nothing. */
function loadCommand(libraries: readonly Library[]): Command {
  const [first, second] = libraries;
  if (first && !second) return ['FUNCTION', 'LOAD', 'REPLACE', first.code];
  return ['FUNCTION', 'RESTORE', writePayload(libraries.map(({ code }) => code)), 'REPLACE'];
}

function describe(libraries: readonly Library[]): string {
  return libraries.map(({ name, version, hash }) => `${name} ${version ?? '-'} ${hash.slice(0, 12)}`).join(', ');
}

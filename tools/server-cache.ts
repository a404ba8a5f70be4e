import { fileURLToPath } from 'node:url';
import { fetchServer, type ServerName } from '@redis-functions/testing';

/** Fetched servers of this checkout; git-ignored. */
export const CACHE = fileURLToPath(new URL('../.cache/servers', import.meta.url));

/** Fetches each, and says of those that cannot be had why not. */
export async function fetchAll(names: readonly ServerName[]): Promise<number> {
  let fetched = 0;
  for (const name of names) {
    try {
      console.log(`${name}: ${await fetchServer(name, CACHE)}`);
      fetched += 1;
    } catch (error) {
      console.error(`${name}: ${error instanceof Error ? error.message : error}`);
    }
  }
  return fetched;
}

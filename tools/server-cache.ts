import { fileURLToPath } from 'node:url';
import { cachedServers, fetchServer, findOnPath, SERVER_NAMES, type ServerName } from '@redis-functions/testing';

/** Fetched servers of this checkout; git-ignored. */
export const CACHE = fileURLToPath(new URL('../.cache/servers', import.meta.url));

/** Every server to test on: REDIS_FUNCTIONS_SERVER alone where it is set, else the one of the PATH and all fetched ones. */
export function knownServers(env: NodeJS.ProcessEnv): { name: string; path: string }[] {
  const named = env['REDIS_FUNCTIONS_SERVER'];
  if (named) return [{ name: named.includes('valkey') ? 'valkey' : 'redis', path: named }];
  const onPath = findOnPath(env);
  const own =
    onPath === undefined ? [] : [{ name: onPath.endsWith('valkey-server') ? 'valkey' : 'redis', path: onPath }];
  return [...own, ...cachedServers(CACHE)];
}

/** Fetches each, and says of those that cannot be had why not. */
export async function fetchAll(names: readonly ServerName[] = SERVER_NAMES): Promise<number> {
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

import { existsSync } from 'node:fs';
import { ServerNotFoundError } from '../errors.js';
import { serversInCache } from './cache.js';
import { findOnPath, isExecutable } from './path.js';
import { hasFunctions, readVersion } from './server-version.js';

/** A server binary and what to call it. */
export interface ServerBinary {
  /** For titles of tests: product and version, such as `redis-8.0`. */
  readonly name: string;
  readonly path: string;
}

/**
 * The binary to start: REDIS_FUNCTIONS_SERVER, else redis-server, else valkey-server from the PATH, else a fetched one from
 * `.cache/servers` of the project (see `fetchServer`).
 *
 * @throws ServerNotFoundError with one sentence per system on how to get one.
 */
export function findServer(env: NodeJS.ProcessEnv = process.env): string {
  const found = namedServer(env) ?? findOnPath(env) ?? serversInCache(env)[0];
  if (found === undefined)
    throw new ServerNotFoundError('looked at REDIS_FUNCTIONS_SERVER, the PATH and .cache/servers');
  return found;
}

/**
 * The servers to run a test on, for `describe.each`: those of REDIS_FUNCTIONS_SERVERS (a JSON object, name to path), else
 * REDIS_FUNCTIONS_SERVER alone, else the one of the PATH and every fetched one. Those that
 * do not run here or have no functions are left out; at least one is left.
 *
 * @throws ServerNotFoundError.
 */
export function availableServers(env: NodeJS.ProcessEnv = process.env): ServerBinary[] {
  const listed = env['REDIS_FUNCTIONS_SERVERS'];
  if (listed) return parseList(listed);
  const named = namedServer(env);
  const paths = named ? [named] : [findOnPath(env) ?? [], serversInCache(env)].flat();
  const byName = new Map<string, string>();
  for (const path of paths) {
    const version = readVersion(path);
    if (version && hasFunctions(version) && !byName.has(version.name)) byName.set(version.name, path);
  }
  if (byName.size === 0) throw new ServerNotFoundError('looked at REDIS_FUNCTIONS_SERVER, the PATH and .cache/servers');
  return Array.from(byName, ([name, path]) => ({ name, path }));
}

function namedServer(env: NodeJS.ProcessEnv): string | undefined {
  const named = env['REDIS_FUNCTIONS_SERVER'];
  if (!named) return undefined;
  if (!isExecutable(named)) throw new ServerNotFoundError(`REDIS_FUNCTIONS_SERVER names ${named}, which cannot be run`);
  return named;
}

function parseList(listed: string): ServerBinary[] {
  let entries: [string, unknown][] = [];
  try {
    entries = Object.entries(JSON.parse(listed) as object);
  } catch {
    // refused below
  }
  const servers = entries.filter((entry): entry is [string, string] => existsSync(String(entry[1])));
  if (servers.length === 0 || servers.length < entries.length) {
    throw new ServerNotFoundError(`REDIS_FUNCTIONS_SERVERS is not a JSON object of names and paths: ${listed}`);
  }
  return servers.map(([name, path]) => ({ name, path }));
}

import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isExecutable, PROGRAMS } from './path.js';

/** Of a project, beside its package.json. */
const FOLDER = join('.cache', 'servers');

/**
 * Fetched servers: of REDIS_FUNCTIONS_CACHE, else of the project that the working directory is in. Specs run in the folder
 * of a package, the cache is the workspace's: the nearest one upwards counts.
 */
export function serversInCache(env: NodeJS.ProcessEnv = process.env, from = process.cwd()): string[] {
  const folder = env['REDIS_FUNCTIONS_CACHE'] || nearestCache(from);
  return folder === undefined ? [] : serversIn(folder);
}

/** The binaries in a cache folder, by name. */
export function serversIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => !name.startsWith('.'))
    .sort()
    .flatMap((name) => PROGRAMS.map((program) => join(folder, name, 'bin', program)).filter(isExecutable));
}

function nearestCache(from: string): string | undefined {
  const folder = join(from, FOLDER);
  if (existsSync(folder) && existsSync(join(from, 'package.json'))) return folder;
  const parent = dirname(from);
  return parent === from ? undefined : nearestCache(parent);
}

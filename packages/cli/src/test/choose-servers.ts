import { accessSync, constants } from 'node:fs';
import { resolve } from 'node:path';
import { availableServers, type ServerBinary } from '@redis-functions/testing';
import { CliError } from '../output/cli-error.js';

/**
 * @param wanted A name such as `redis-8.0`, a kind (`redis` or `valkey`: the newest of it), a path, or `all`. Undefined: the
 *   first one, which is what specs start by default.
 * @throws CliError with the ones that were found; ServerNotFoundError where there is none.
 */
export function chooseServers(wanted: string | undefined): readonly ServerBinary[] {
  if (wanted?.includes('/')) return [named(wanted)];
  const servers = availableServers();
  if (wanted === undefined) return servers.slice(0, 1);
  if (wanted === 'all') return servers;
  const chosen = servers.find(({ name }) => name === wanted) ?? newest(servers, wanted);
  if (chosen) return [chosen];
  const found = servers.map(({ name }) => name).join(', ');
  throw new CliError(`No server here is called ${wanted}. Choose from ${found}, all, or give the path of one.`);
}

function newest(servers: readonly ServerBinary[], kind: string): ServerBinary | undefined {
  const ofKind = servers.filter(({ name }) => name.startsWith(`${kind}-`));
  return ofKind.sort((left, right) => left.name.localeCompare(right.name, 'en', { numeric: true })).at(-1);
}

function named(path: string): ServerBinary {
  const absolute = resolve(path);
  try {
    accessSync(absolute, constants.X_OK);
  } catch (cause) {
    throw new CliError(`${path} cannot be run. Give the path of a redis-server or valkey-server.`, 1, { cause });
  }
  return { name: path, path: absolute };
}

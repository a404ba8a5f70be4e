import { readFileSync } from 'node:fs';
import { availableServers, type ServerBinary } from '@redis-functions/testing';

/** The newest Redis among the servers of this machine; where there is none, the newest of the others. */
export function newestRedis(): ServerBinary {
  const servers = availableServers().toSorted((left, right) => newness(right) - newness(left));
  return servers.find(({ name }) => name.startsWith('redis-')) ?? (servers[0] as ServerBinary);
}

/** Of a package that the benchmarks use. */
export function versionOf(name: string): string {
  const file = new URL(`../../node_modules/${name}/package.json`, import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

/** `redis-8.10` → 8010 */
function newness({ name }: ServerBinary): number {
  const [, major = 0, minor = 0] = /-(\d+)\.(\d+)/.exec(name) ?? [];
  return Number(major) * 1_000 + Number(minor);
}

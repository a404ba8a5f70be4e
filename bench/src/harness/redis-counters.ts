import type { RedisServer } from '@redis-functions/testing';

/** What a server has counted since it started. */
export interface RedisCounters {
  /** Of the server's process, in µs. */
  readonly cpuUs: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Of clients and inside scripts. */
  readonly commands: number;
  /** Calls of scripts and functions, and how long they took, in µs. */
  readonly scripts: number;
  readonly scriptsUs: number;
}

export async function readCounters(server: RedisServer): Promise<RedisCounters> {
  const info = String(await server.command('INFO', 'cpu', 'stats', 'commandstats'));
  const field = (name: string) => Number(new RegExp(`^${name}:([\\d.]+)`, 'm').exec(info)?.[1] ?? 0);
  const scripts = [...info.matchAll(/^cmdstat_(?:fcall|eval|evalsha):calls=(\d+),usec=(\d+)/gm)];
  return {
    cpuUs: (field('used_cpu_user') + field('used_cpu_sys')) * 1e6,
    bytesIn: field('total_net_input_bytes'),
    bytesOut: field('total_net_output_bytes'),
    commands: field('total_commands_processed'),
    scripts: sum(scripts.map(([, calls]) => Number(calls))),
    scriptsUs: sum(scripts.map(([, , us]) => Number(us))),
  };
}

/** What work made the server count. */
export async function countersOf(server: RedisServer, work: () => Promise<unknown>): Promise<RedisCounters> {
  const before = await readCounters(server);
  await work();
  const after = await readCounters(server);
  return {
    cpuUs: after.cpuUs - before.cpuUs,
    bytesIn: after.bytesIn - before.bytesIn,
    bytesOut: after.bytesOut - before.bytesOut,
    commands: after.commands - before.commands,
    scripts: after.scripts - before.scripts,
    scriptsUs: after.scriptsUs - before.scriptsUs,
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

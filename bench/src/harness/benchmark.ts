import { cpus } from 'node:os';
import { type RedisServer, startRedis } from '@redis-functions/testing';
import { type Demand, printDemands } from './demands.js';
import type { Conditions } from './rounds.js';
import { newestRedis, versionOf } from './versions.js';

/** What a figure is measured in. */
export interface Context {
  /** Empty. */
  readonly server: RedisServer;
  /** Say in which functions our side spends its time. */
  readonly profiles: boolean;
}

/** Measures, prints its table, and returns what the numbers must be. */
export type Figure = (context: Context) => Promise<readonly Demand[]>;

export const CONDITIONS: Conditions = { inFlight: 64, rounds: 7, roundMs: 600 };

export interface Benchmark {
  readonly title: string;
  readonly figures: Readonly<Record<string, Figure>>;
  /** Only when they are asked for. */
  readonly extras?: Readonly<Record<string, Figure>>;
  /** Packages whose versions are told. */
  readonly peers: readonly string[];
}

/** Measures the figures that are asked for, or all, and sets them beside what they must reach. */
export async function runBenchmark(benchmark: Benchmark, args: readonly string[]): Promise<void> {
  const profiles = args.includes('--profile');
  const wanted = args.filter((arg) => arg !== '--profile');
  const figures = (wanted.length > 0 ? wanted : Object.keys(benchmark.figures)).map((name) =>
    toFigure(benchmark, name),
  );
  const binary = newestRedis();
  const [cpu] = cpus();
  console.log(
    `# ${benchmark.title}\n\nNode ${process.version}, ${binary.name}, ${cpus().length} × ${cpu?.model.trim()}.`,
  );
  console.log(`${benchmark.peers.map((name) => `${name} ${versionOf(name)}`).join(', ')}.`);
  const { inFlight, rounds, roundMs } = CONDITIONS;
  console.log(`${inFlight} in flight from one process; medians of ${rounds} interleaved rounds of ${roundMs} ms.`);
  const server = await startRedis({ server: binary.path });
  const demands: Demand[] = [];
  try {
    for (const figure of figures) {
      await server.command('FLUSHALL', 'SYNC');
      demands.push(...(await figure({ server, profiles })));
    }
  } finally {
    await server.stop();
  }
  if (demands.length > 0) printDemands('What must be reached', demands);
}

function toFigure({ figures, extras }: Benchmark, name: string): Figure {
  const all = { ...figures, ...extras };
  const figure = all[name];
  if (figure !== undefined) return figure;
  console.error(`There is no figure called ${name}. Choose from ${Object.keys(all).join(', ')}.`);
  process.exit(2);
}

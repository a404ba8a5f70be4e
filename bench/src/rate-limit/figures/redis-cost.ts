import type { Demand } from '../../harness/demands.js';
import { countersOf, type RedisCounters } from '../../harness/redis-counters.js';
import { median, repeat } from '../../harness/rounds.js';
import { printTable } from '../../harness/tables.js';
import { CONDITIONS, type Context } from '../context.js';
import { type Limiter, toAddresses, toContestant } from '../limiters/limiter.js';
import { openAll, using } from '../race.js';

const DECISIONS = 12_800;

interface Cost {
  readonly name: string;
  readonly cpuUs: number;
  readonly scripts: number;
  readonly usPerScript: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

/** What a decision costs the server and the wire: CPU time, calls and bytes, of decisions about 10,000 clients. */
export async function redisCost(context: Context): Promise<Demand[]> {
  const quota = { limit: 1_000, windowMs: 60_000 };
  const costs = await using(openAll({ url: context.server.url, ...quota }), (limiters) => measure(context, limiters));
  printTable(
    'Redis per decision, 10,000 keys',
    ['', 'CPU µs', 'calls', 'µs per call', 'bytes in', 'bytes out'],
    costs.map(({ name, cpuUs, scripts, usPerScript, bytesIn, bytesOut }) => [
      name,
      ...[cpuUs, scripts, usPerScript, bytesIn, bytesOut].map((value) => value.toFixed(2)),
    ]),
  );
  const [ours, , express] = costs as [Cost, Cost, Cost, Cost];
  return [
    {
      figure: 'Redis CPU per decision',
      of: `ours : ${express.name}`,
      value: ours.cpuUs / express.cpuUs,
      must: 'at most',
      bound: 1,
    },
  ];
}

async function measure({ server }: Context, limiters: readonly Limiter[]): Promise<Cost[]> {
  const addresses = toAddresses(10_000);
  const tallies = limiters.map((limiter) => ({
    contestant: toContestant(limiter, addresses),
    rounds: [] as RedisCounters[],
  }));
  for (let round = 0; round <= CONDITIONS.rounds; round++) {
    for (const { contestant, rounds } of tallies) {
      const counters = await countersOf(server, () => repeat(contestant, DECISIONS, CONDITIONS.inFlight));
      if (round > 0) rounds.push(counters);
    }
  }
  return tallies.map(({ contestant, rounds }) => {
    const perDecision = (of: (counters: RedisCounters) => number) => median(rounds.map(of)) / DECISIONS;
    return {
      name: contestant.name,
      cpuUs: perDecision(({ cpuUs }) => cpuUs),
      scripts: perDecision(({ scripts }) => scripts),
      usPerScript: median(rounds.map(({ scripts, scriptsUs }) => scriptsUs / scripts)),
      bytesIn: perDecision(({ bytesIn }) => bytesIn),
      bytesOut: perDecision(({ bytesOut }) => bytesOut),
    };
  });
}

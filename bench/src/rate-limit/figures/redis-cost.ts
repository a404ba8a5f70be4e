import type { Demand } from '../../harness/demands.js';
import { countersOf, type RedisCounters } from '../../harness/redis-counters.js';
import { median, repeat, rotated } from '../../harness/rounds.js';
import { printTable } from '../../harness/tables.js';
import { AMPLE, CONDITIONS, type Context, ODD, USUAL } from '../context.js';
import { type Limiter, toAddresses, toContestant } from '../limiters/limiter.js';
import { ours } from '../limiters/ours.js';
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

/** What a decision costs the server and the wire: CPU time, calls and bytes. */
export async function redisCost(context: Context): Promise<Demand[]> {
  const { url } = context.server;
  const hot = await using(openAll({ url, ...AMPLE }), (limiters) => measure(context, limiters, toAddresses(10)));
  print('Redis per decision, 10 hot keys', hot);
  const many = await using(openWithOdd(url), (limiters) => measure(context, limiters, toAddresses(10_000)));
  print('Redis per decision, 10,000 keys', many);
  const [own, , express] = many as [Cost, Cost, Cost, Cost, Cost];
  return [
    {
      figure: 'Redis CPU per decision',
      of: `ours : ${express.name}`,
      value: own.cpuUs / express.cpuUs,
      must: 'at most',
      bound: 1,
    },
  ];
}

async function openWithOdd(url: string): Promise<Limiter[]> {
  const odd = await ours({ url, ...ODD });
  return [...(await openAll({ url, ...USUAL })), { ...odd, name: `${odd.name}, ${ODD.limit} per minute` }];
}

function print(title: string, costs: readonly Cost[]): void {
  printTable(
    title,
    ['', 'CPU µs', 'calls', 'µs per call', 'bytes in', 'bytes out'],
    costs.map(({ name, cpuUs, scripts, usPerScript, bytesIn, bytesOut }) => [
      name,
      cpuUs.toFixed(2),
      scripts.toFixed(3),
      usPerScript.toFixed(2),
      bytesIn.toFixed(1),
      bytesOut.toFixed(1),
    ]),
  );
}

async function measure(
  { server }: Context,
  limiters: readonly Limiter[],
  addresses: readonly string[],
): Promise<Cost[]> {
  const tallies = limiters.map((limiter) => ({
    contestant: toContestant(limiter, addresses),
    rounds: [] as RedisCounters[],
  }));
  for (let round = 0; round <= CONDITIONS.rounds; round++) {
    for (const { contestant, rounds } of rotated(tallies, round)) {
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

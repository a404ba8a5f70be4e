import { AppProcess } from './app-process.js';
import { HttpLoad, type Load } from './http-load.js';
import { printProfile } from './profile.js';
import { type Conditions, median, rotated } from './rounds.js';
import { printTable, toCount, toMs } from './tables.js';

/** One app, and how it is started. */
export interface App {
  readonly name: string;
  readonly args: readonly string[];
  /** What its requests have besides. Default: nothing. */
  readonly headers?: (port: number) => Promise<Readonly<Record<string, string>>>;
}

/** Medians over the rounds. */
export interface HttpRate {
  readonly name: string;
  readonly perSecond: number;
  readonly slowest: number;
  readonly fastest: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** CPU time of the app's process per request, in µs. */
  readonly cpuUs: number;
  /** Responses in all rounds that were not what was asked for; they are not counted. */
  readonly faked: number;
}

export interface HttpConditions extends Conditions {
  readonly file: URL;
  /** That every response must have. */
  readonly status: number;
  /** The app to say of where it spends its time. */
  readonly profiled?: string | undefined;
}

interface Contestant {
  readonly name: string;
  readonly app: AppProcess;
  readonly load: HttpLoad;
  readonly rounds: (Load & { readonly cpuUs: number })[];
  faked: number;
}

const PROFILE_MS = 3_000;

/** Every app once per round, beginning with another each time, each in a process of its own; the load comes from this one. */
export async function compareApps(apps: readonly App[], conditions: HttpConditions): Promise<HttpRate[]> {
  const { file, inFlight, rounds, roundMs, status, profiled } = conditions;
  const contestants: Contestant[] = [];
  try {
    for (const { name, args, headers } of apps) {
      const app = await AppProcess.start(file, args);
      const load = await HttpLoad.open(app.port, inFlight, await headers?.(app.port));
      contestants.push({ name, app, load, rounds: [], faked: 0 });
    }
    // the first requests may be answered otherwise: they bring what the others are about
    for (const { load } of contestants) await load.run(roundMs);
    for (let round = 0; round < rounds; round++) {
      for (const contestant of rotated(contestants, round)) {
        contestant.rounds.push(await measure(contestant, roundMs, status));
      }
    }
    const looked = contestants.find(({ name }) => name === profiled);
    if (looked) {
      const times = await looked.app.profile(() => looked.load.run(PROFILE_MS, status));
      printProfile(`Where the app with ${looked.name} spends its time`, times);
    }
  } finally {
    for (const { load } of contestants) load.close();
    for (const { app } of contestants) await app.stop();
  }
  return contestants.map(toRate);
}

export function printHttpRates(title: string, rates: readonly HttpRate[], base: string): void {
  const reference = rates.find(({ name }) => name === base);
  const columns = ['', 'requests/s (median)', 'slowest – fastest round', 'p50 ms', 'p99 ms', `× ${base}`];
  printTable(
    title,
    [...columns, 'CPU µs/request', `${base}’s CPU : its CPU`],
    rates.map(({ name, perSecond, slowest, fastest, p50Ms, p99Ms, cpuUs }) => [
      name,
      toCount(perSecond),
      `${toCount(slowest)} – ${toCount(fastest)}`,
      toMs(p50Ms),
      toMs(p99Ms),
      (perSecond / (reference?.perSecond ?? 1)).toFixed(2),
      cpuUs.toFixed(1),
      ((reference?.cpuUs ?? 1) / cpuUs).toFixed(2),
    ]),
  );
  for (const { name, faked } of rates) if (faked > 0) console.log(`\n! ${toCount(faked)} of ${name}: faked`);
}

async function measure(contestant: Contestant, roundMs: number, status: number) {
  const { app, load } = contestant;
  const [cpuUs, faked] = [await app.cpuUs(), await app.faked()];
  const measured = await load.run(roundMs, status);
  const perRequest = ((await app.cpuUs()) - cpuUs) / measured.requests;
  const fakedNow = (await app.faked()) - faked;
  contestant.faked += fakedNow;
  const perSecond = measured.perSecond * (1 - fakedNow / measured.requests);
  return { ...measured, perSecond, cpuUs: perRequest };
}

function toRate({ name, rounds, faked }: Contestant): HttpRate {
  const perSecond = rounds.map((round) => round.perSecond);
  return {
    name,
    perSecond: median(perSecond),
    slowest: Math.min(...perSecond),
    fastest: Math.max(...perSecond),
    p50Ms: median(rounds.map(({ p50Ms }) => p50Ms)),
    p99Ms: median(rounds.map(({ p99Ms }) => p99Ms)),
    cpuUs: median(rounds.map(({ cpuUs }) => cpuUs)),
    faked,
  };
}

import { printTable, toCount, toMs } from './tables.js';

/** One way of doing the same thing. */
export interface Contestant {
  readonly name: string;
  /** Does it once. */
  run(): Promise<unknown>;
  /** What a result stands for. Default: `done`. A rejection with something else than an Error is a refusal. */
  outcome?(result: unknown): Outcome;
}

/** `faked`: what was asked for was not done, so the rate would be that of something else. */
export type Outcome = 'done' | 'refused' | 'faked';

/** Medians over the rounds. */
export interface Rate {
  readonly name: string;
  readonly perSecond: number;
  readonly slowest: number;
  readonly fastest: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** In all rounds. */
  readonly outcomes: Readonly<Record<Outcome, number>>;
}

export interface Conditions {
  readonly inFlight: number;
  readonly rounds: number;
  readonly roundMs: number;
  /** What is counted: nothing else makes a rate. Default: `done`. */
  readonly expected?: Outcome;
}

interface Round {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** A lane lets the event loop turn after so many: answers that need no I/O would keep sockets and timers waiting. */
const TURN_EVERY = 16;

/**
 * Every contestant once per round: the machine's moods fall on all alike. Each round begins with another one, as what comes
 * before a turn has its effects too. The first round warms up.
 */
export async function compare(contestants: readonly Contestant[], conditions: Conditions): Promise<Rate[]> {
  const tallies = contestants.map((contestant) => ({
    contestant,
    rounds: [] as Round[],
    outcomes: { done: 0, refused: 0, faked: 0 },
  }));
  for (let round = 0; round <= conditions.rounds; round++) {
    for (const { contestant, rounds, outcomes } of rotated(tallies, round)) {
      const measured = await measure(contestant, conditions, round > 0 ? outcomes : { done: 0, refused: 0, faked: 0 });
      if (round > 0) rounds.push(measured);
    }
  }
  return tallies.map(({ contestant, rounds, outcomes }) => ({
    name: contestant.name,
    perSecond: median(rounds.map(({ perSecond }) => perSecond)),
    slowest: Math.min(...rounds.map(({ perSecond }) => perSecond)),
    fastest: Math.max(...rounds.map(({ perSecond }) => perSecond)),
    p50Ms: median(rounds.map(({ p50Ms }) => p50Ms)),
    p99Ms: median(rounds.map(({ p99Ms }) => p99Ms)),
    outcomes,
  }));
}

/** Runs one contestant for one round. */
export async function measure(
  contestant: Contestant,
  { inFlight, roundMs, expected = 'done' }: Conditions,
  outcomes: Record<Outcome, number> = { done: 0, refused: 0, faked: 0 },
): Promise<Round> {
  const latencies: number[] = [];
  const before = outcomes[expected];
  const started = performance.now();
  const until = started + roundMs;
  const isOver = (_done: number, now: number) => now >= until;
  await Promise.all(Array.from({ length: inFlight }, () => lane(contestant, isOver, outcomes, latencies)));
  const seconds = (performance.now() - started) / 1_000;
  const sorted = Float64Array.from(latencies).sort();
  const percentile = (part: number) => sorted[Math.floor((sorted.length - 1) * part)] ?? 0;
  return { perSecond: (outcomes[expected] - before) / seconds, p50Ms: percentile(0.5), p99Ms: percentile(0.99) };
}

/** Does it so many times. */
export async function repeat(contestant: Contestant, times: number, inFlight: number): Promise<void> {
  const outcomes = { done: 0, refused: 0, faked: 0 };
  const isOver = (done: number) => done >= times / inFlight;
  await Promise.all(Array.from({ length: inFlight }, () => lane(contestant, isOver, outcomes, [])));
}

/** One after the other, until it is over. */
async function lane(
  { run, outcome }: Contestant,
  isOver: (done: number, now: number) => boolean,
  outcomes: Record<Outcome, number>,
  latencies: number[],
): Promise<void> {
  let started = performance.now();
  for (let done = 0; !isOver(done, started); done++) {
    if (done % TURN_EVERY === TURN_EVERY - 1) {
      await new Promise((resolve) => setImmediate(resolve));
      started = performance.now();
    }
    try {
      const result = await run();
      outcomes[outcome === undefined ? 'done' : outcome(result)] += 1;
    } catch (refusal) {
      if (refusal instanceof Error) throw refusal;
      outcomes.refused += 1;
    }
    const ended = performance.now();
    latencies.push(ended - started);
    started = ended;
  }
}

/** The same, beginning elsewhere. */
export function rotated<Item>(items: readonly Item[], by: number): Item[] {
  const start = by % items.length;
  return [...items.slice(start), ...items.slice(0, start)];
}

export function median(values: readonly number[]): number {
  return values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)] ?? 0;
}

export function printRates(title: string, rates: readonly Rate[], base: string): void {
  const reference = rateOf(rates, base).perSecond;
  printTable(
    title,
    ['', 'per second (median)', 'slowest – fastest round', 'p50 ms', 'p99 ms', `× ${base}`],
    rates.map(({ name, perSecond, slowest, fastest, p50Ms, p99Ms }) => [
      name,
      toCount(perSecond),
      `${toCount(slowest)} – ${toCount(fastest)}`,
      toMs(p50Ms),
      toMs(p99Ms),
      (perSecond / reference).toFixed(2),
    ]),
  );
}

/** Says so where something else happened than what was counted. */
export function printSurprises(rates: readonly Rate[], expected: Outcome): void {
  for (const { name, outcomes } of rates) {
    const others = (Object.keys(outcomes) as Outcome[]).filter((outcome) => outcome !== expected && outcomes[outcome]);
    for (const outcome of others) console.log(`\n! ${toCount(outcomes[outcome])} of ${name}: ${outcome}`);
  }
}

export function rateOf(rates: readonly Rate[], name: string): Rate {
  const rate = rates.find((rate) => rate.name === name);
  if (rate === undefined) throw new Error(`Nobody is called ${name}.`);
  return rate;
}

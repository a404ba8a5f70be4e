/** One way of doing the same thing. */
export interface Contestant {
  readonly name: string;
  /** Does it once. */
  run(): Promise<unknown>;
}

export interface Rate {
  readonly name: string;
  /** Median over the rounds. */
  readonly perSecond: number;
  readonly slowest: number;
  readonly fastest: number;
}

export interface Conditions {
  readonly inFlight: number;
  readonly rounds: number;
  readonly roundMs: number;
}

/** Every contestant once per round, in turn: the machine's moods fall on all alike. The first round warms up. */
export async function compare(contestants: readonly Contestant[], conditions: Conditions): Promise<Rate[]> {
  const rates = new Map<string, number[]>(contestants.map(({ name }) => [name, []]));
  for (let round = 0; round <= conditions.rounds; round++) {
    for (const contestant of contestants) {
      const rate = await measure(contestant, conditions);
      if (round > 0) rates.get(contestant.name)?.push(rate);
    }
  }
  return [...rates].map(([name, measured]) => {
    const sorted = measured.toSorted((left, right) => left - right);
    return {
      name,
      perSecond: sorted[Math.floor(sorted.length / 2)] ?? 0,
      slowest: sorted[0] ?? 0,
      fastest: sorted.at(-1) ?? 0,
    };
  });
}

async function measure({ run }: Contestant, { inFlight, roundMs }: Conditions): Promise<number> {
  const started = performance.now();
  const until = started + roundMs;
  let done = 0;
  const lane = async () => {
    while (performance.now() < until) {
      await run();
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
  return done / ((performance.now() - started) / 1_000);
}

export function printTable(title: string, rates: readonly Rate[], base: string): void {
  const reference = rates.find(({ name }) => name === base)?.perSecond ?? 1;
  console.log(`\n${title}\n`);
  console.log(`| | per second (median) | slowest – fastest round | × ${base} |`);
  console.log('|---|---:|---:|---:|');
  for (const { name, perSecond, slowest, fastest } of rates) {
    const range = `${format(slowest)} – ${format(fastest)}`;
    console.log(`| ${name} | ${format(perSecond)} | ${range} | ${(perSecond / reference).toFixed(2)} |`);
  }
}

function format(rate: number): string {
  return Math.round(rate).toLocaleString('en');
}

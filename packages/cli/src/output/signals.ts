/** By which a terminal, a person or a system ends a command, and the exit code that shells expect then. */
const EXIT_CODES = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;
export type EndSignal = keyof typeof EXIT_CODES;

type Listener = (signal: EndSignal) => void;

const takers: Listener[] = [];
let last: EndSignal | undefined;

/**
 * Whoever has started something takes the signals until it has ended: the process then goes on until the command does.
 *
 * @returns What gives them back.
 */
export function takeSignals(taker: Listener): () => void {
  takers.push(taker);
  return () => void takers.splice(takers.indexOf(taker), 1);
}

/** Listens for the process: each signal has one handler, the newest taker, and ends it at once where there is none. */
export function handleSignals(sayEnded: () => void): void {
  for (const signal of Object.keys(EXIT_CODES) as EndSignal[]) {
    process.on(signal, () => {
      last = signal;
      const taker = takers.at(-1);
      if (taker) return taker(signal);
      sayEnded();
      exitBy(signal);
    });
  }
}

export function exitBy(signal: EndSignal): never {
  process.exit(EXIT_CODES[signal]);
}

/** What the process ends with: a command that fails after a signal was ended by it. */
export function exitCodeOf(code: number): number {
  return code === 0 || last === undefined ? code : EXIT_CODES[last];
}

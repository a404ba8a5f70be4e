import { FunctionCallError, type RedisFunctions, UnavailableError } from '@redis-functions/core';
import type { counterLibrary } from '../topologies/counter.js';

const WORKERS = 16;

/** What came of the calls to one key. */
export interface Tally {
  /** The server said that it counted. */
  acknowledged: number;
  /** The connection was lost or the deadline passed: it may have counted. */
  unknown: number;
  /** The server said that it did not count. */
  refused: number;
  slowestMs: number;
  /** Errors that are none of these: there must be none. */
  unexpected: unknown[];
}

/** Sixteen workers that add to counters without pause, each to a key of its own, until they are stopped. */
export class Workers {
  readonly tallies: ReadonlyMap<string, Tally>;
  #running = true;
  readonly #done: Promise<unknown>;

  constructor(functions: RedisFunctions, library: ReturnType<typeof counterLibrary>, deadlineMs: number) {
    const keys = Array.from({ length: WORKERS }, (_, i) => `worker${i}`);
    this.tallies = new Map(
      keys.map((key) => [key, { acknowledged: 0, unknown: 0, refused: 0, slowestMs: 0, unexpected: [] }]),
    );
    const counter = functions.use(library, { deadlineMs });
    this.#done = Promise.all(
      keys.map(async (key) => {
        const tally = this.tallies.get(key) as Tally;
        while (this.#running) {
          const started = performance.now();
          await counter.add(key).then(
            () => (tally.acknowledged += 1),
            (error: unknown) => this.#sort(error, tally),
          );
          tally.slowestMs = Math.max(tally.slowestMs, performance.now() - started);
        }
      }),
    );
  }

  /** Resolves when every worker has succeeded so many times more. */
  async succeed(times: number): Promise<void> {
    const wanted = new Map([...this.tallies].map(([key, { acknowledged }]) => [key, acknowledged + times]));
    const isReached = () => [...wanted].every(([key, count]) => (this.tallies.get(key)?.acknowledged ?? 0) >= count);
    // as often as the event loop comes round, without holding it up
    while (!isReached()) await new Promise(setImmediate);
  }

  async stop(): Promise<void> {
    this.#running = false;
    await this.#done;
  }

  get all(): readonly Tally[] {
    return [...this.tallies.values()];
  }

  #sort(error: unknown, tally: Tally): void {
    if (error instanceof UnavailableError) tally.unknown += 1;
    else if (error instanceof FunctionCallError) tally.refused += 1;
    else tally.unexpected.push(error);
  }
}

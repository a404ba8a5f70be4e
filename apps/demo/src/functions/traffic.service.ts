import { randomUUID } from 'node:crypto';
import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { FunctionCallError, type Handle, type RedisFunctions } from '@redis-functions/core';
import { InjectRedisFunctions } from '@redis-functions/nestjs';
import { mylib } from '../libraries/mylib.js';
import { Acknowledged } from './acknowledged.js';
import type { TrafficView } from './view.js';

/** Nobody forgets it running. */
const LASTS_MS = 60_000;
/** So many that each of a few primaries has some. */
const COUNTERS = 12;
const PAUSE_MS = 40;
const DEADLINE_MS = 1_000;

/** What this process tells of its traffic. */
export interface TrafficReport extends Omit<TrafficView, 'isRunning'> {
  /** In milliseconds since 1970. */
  readonly until: number;
}

/** Calls counters of this process one call after the other, and keeps account of what they answer while servers change. */
@Injectable()
export class TrafficService implements OnModuleDestroy {
  readonly #mylib: Handle<typeof mylib.functions>;
  #counters: Acknowledged[] = [];
  #versions: Record<string, number> = {};
  #refused = 0;
  #failed = 0;
  #until = 0;
  #done: Promise<unknown> = Promise.resolve();

  constructor(@InjectRedisFunctions() functions: RedisFunctions) {
    this.#mylib = functions.use(mylib, { deadlineMs: DEADLINE_MS });
  }

  async start(): Promise<void> {
    if (this.#isRunning()) {
      this.#until = Date.now() + LASTS_MS;
      return;
    }
    await this.#done;
    // nobody else may count there: what is lost is told by values that come again
    const run = randomUUID();
    this.#counters = Array.from({ length: COUNTERS }, () => new Acknowledged());
    this.#versions = {};
    this.#refused = 0;
    this.#failed = 0;
    this.#until = Date.now() + LASTS_MS;
    this.#done = Promise.all(this.#counters.map((counter, i) => this.#work(counter, `demo:traffic:${run}:${i}`)));
  }

  async stop(): Promise<void> {
    this.#until = 0;
    await this.#done;
  }

  onModuleDestroy(): Promise<void> {
    return this.stop();
  }

  /** Undefined where this process has not had any. */
  report(): TrafficReport | undefined {
    if (this.#counters.length === 0) return undefined;
    const sum = (of: 'count' | 'lost') => this.#counters.reduce((total, counter) => total + counter[of], 0);
    return {
      until: this.#until,
      acknowledged: sum('count'),
      lost: sum('lost'),
      refused: this.#refused,
      failed: this.#failed,
      versions: { ...this.#versions },
    };
  }

  #isRunning(): boolean {
    return Date.now() < this.#until;
  }

  async #work(counter: Acknowledged, key: string): Promise<void> {
    while (this.#isRunning()) {
      await this.#tick(counter, key);
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
    // the last ones may be lost as well; where nobody answers, that is not known
    if (counter.count > 0)
      await this.#mylib.get(key).then(
        (value) => counter.compare(value),
        () => {},
      );
  }

  async #tick(counter: Acknowledged, key: string): Promise<void> {
    try {
      const { value, version } = await this.#mylib.tick(key);
      counter.take(value);
      this.#versions[version] = (this.#versions[version] ?? 0) + 1;
    } catch (error) {
      if (error instanceof FunctionCallError) this.#refused += 1;
      else this.#failed += 1;
    }
  }
}

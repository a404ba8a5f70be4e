import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { FunctionCallError, type Handle, type RedisFunctions } from '@redis-functions/core';
import { InjectRedisFunctions } from '@redis-functions/nestjs';
import { mylib } from '../libraries/mylib.js';
import type { TrafficView } from './view.js';

/** Nobody forgets it running. */
const LASTS_MS = 60_000;
/** In a cluster they are on all primaries. */
const COUNTERS = Array.from({ length: 12 }, (_, i) => `demo:traffic:${i}`);
const PAUSE_MS = 20;
const DEADLINE_MS = 1_000;

interface Counter {
  readonly key: string;
  /** Its value when the traffic began. */
  base: number | undefined;
  acknowledged: number;
  lost: number;
}

/** What this process tells of its traffic. */
export interface TrafficReport extends Omit<TrafficView, 'isRunning'> {
  /** In milliseconds since 1970. */
  readonly until: number;
}

/** Calls counters without a pause, and keeps account of what it was told: what happens to calls while servers change. */
@Injectable()
export class TrafficService implements OnModuleDestroy {
  readonly #mylib: Handle<typeof mylib.functions>;
  #counters: Counter[] = [];
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
    const until = Date.now() + LASTS_MS;
    this.#counters = COUNTERS.map((key) => ({ key, base: undefined, acknowledged: 0, lost: 0 }));
    this.#versions = {};
    this.#refused = 0;
    this.#failed = 0;
    this.#until = until;
    this.#done = Promise.all(this.#counters.map((counter) => this.#work(counter)));
  }

  async stop(): Promise<void> {
    this.#until = 0;
    await this.#done;
  }

  onModuleDestroy(): Promise<void> {
    return this.stop();
  }

  /** Undefined where this process has not had any. */
  async report(): Promise<TrafficReport | undefined> {
    if (this.#counters.length === 0) return undefined;
    if (this.#isRunning()) await Promise.all(this.#counters.map((counter) => this.#compare(counter)));
    const sum = (of: 'acknowledged' | 'lost') => this.#counters.reduce((total, counter) => total + counter[of], 0);
    return {
      until: this.#until,
      acknowledged: sum('acknowledged'),
      lost: sum('lost'),
      refused: this.#refused,
      failed: this.#failed,
      versions: { ...this.#versions },
    };
  }

  #isRunning(): boolean {
    return Date.now() < this.#until;
  }

  async #work(counter: Counter): Promise<void> {
    const { key } = counter;
    while (this.#isRunning()) {
      await this.#count(async () => {
        counter.base ??= await this.#mylib.get(key);
        await this.#mylib.increment(key);
        counter.acknowledged += 1;
        const version = await this.#mylib.version(key);
        this.#versions[version] = (this.#versions[version] ?? 0) + 1;
      });
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
    await this.#compare(counter);
  }

  async #count(call: () => Promise<void>): Promise<void> {
    try {
      await call();
    } catch (error) {
      if (error instanceof FunctionCallError) this.#refused += 1;
      else this.#failed += 1;
    }
  }

  /** A call that was not answered may have counted, and then hides one that was lost: it is at least so many. */
  async #compare(counter: Counter): Promise<void> {
    const { key, base, acknowledged } = counter;
    if (base === undefined) return;
    const value = await this.#mylib.get(key).catch(() => undefined);
    if (value !== undefined) counter.lost = Math.max(0, acknowledged - (value - base));
  }
}

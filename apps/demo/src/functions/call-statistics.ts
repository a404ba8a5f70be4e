import { tracingChannel } from 'node:diagnostics_channel';
import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { type CallEvent, FunctionCallError } from '@redis-functions/core';
import { feed } from '../libraries/feed.js';

/** What one process has counted of one function. */
export interface CallTally {
  readonly library: string;
  calls: number;
  refused: number;
  failed: number;
  /** Calls by their duration: see `bucketOf`. */
  readonly durations: number[];
}

/** Two buckets for each doubling, from 1/32 ms: finer than what two runs of one machine differ by. */
const FIRST_MS = 1 / 32;
const PER_DOUBLING = 2;

/** Counts the calls of this process by function: servers keep no statistics of functions. */
@Injectable()
export class CallStatistics implements OnModuleInit, OnModuleDestroy {
  readonly tallies = new Map<string, CallTally>();
  readonly #channel = tracingChannel<CallEvent>('redis-functions:call');
  readonly #began = new WeakMap<object, number>();
  readonly #subscribers = {
    start: (event: CallEvent) => void this.#began.set(event, performance.now()),
    asyncEnd: (event: CallEvent) => this.#count(event),
    end() {},
    asyncStart() {},
    error() {},
  };

  onModuleInit(): void {
    this.#channel.subscribe(this.#subscribers);
  }

  onModuleDestroy(): void {
    this.#channel.unsubscribe(this.#subscribers);
  }

  #count(event: CallEvent): void {
    const { functionName, library = '', error } = event;
    const began = this.#began.get(event);
    // how pages are kept current is not what they show
    if (began === undefined || library === feed.name) return;
    const tally = this.tallies.get(functionName) ?? { library, calls: 0, refused: 0, failed: 0, durations: [] };
    this.tallies.set(functionName, tally);
    tally.calls += 1;
    if (error instanceof FunctionCallError) tally.refused += 1;
    else if (error !== undefined) tally.failed += 1;
    const bucket = bucketOf(performance.now() - began);
    tally.durations[bucket] = (tally.durations[bucket] ?? 0) + 1;
  }
}

function bucketOf(ms: number): number {
  return Math.max(0, Math.ceil(Math.log2(ms / FIRST_MS) * PER_DOUBLING));
}

/** The longest duration of this share of the calls, in milliseconds, as exact as a bucket. */
export function quantile(durations: readonly (number | null | undefined)[], share: number): number {
  const counts = Array.from(durations, (count) => count ?? 0);
  let left = share * counts.reduce((sum, count) => sum + count, 0);
  const bucket = counts.findIndex((count) => {
    left -= count;
    return count > 0 && left <= 0;
  });
  return bucket < 0 ? 0 : Number((FIRST_MS * 2 ** (bucket / PER_DOUBLING)).toPrecision(2));
}

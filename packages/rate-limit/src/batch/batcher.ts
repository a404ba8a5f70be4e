import { DeadlineTimer, UnavailableError } from '@redis-functions/core';
import type { PolicySet } from '../policy/policy-set.js';
import { processId } from '../process-id.js';
import { Batch, type Waiter } from './batch.js';

/** While one is being decided the next is on its way; more would make the batches smaller, not the server faster. */
const MOST_IN_FLIGHT = 2;
/** More in one call saves next to nothing, and keeps the server from others for longer. */
const MOST_GROUPS = 64;

export interface BatcherParts<Result> {
  /** Asks Redis. */
  send(batch: Batch<Result>): Promise<readonly number[]>;
  answered(batch: Batch<Result>, reply: readonly number[]): void;
  failed(batch: Batch<Result>, error: unknown): void;
  deadlineMs: number;
  /** Where Redis is, for messages. */
  address: string;
}

/** Decisions of one slot. */
interface Lane<Result> {
  /** Collects; the others before it are full. */
  readonly waiting: Batch<Result>[];
  inFlight: number;
  willSend: boolean;
}

/**
 * Puts decisions together: what is asked for in one turn of the event loop, and while calls are out, is one call. A
 * decision that comes alone goes at once. No timer but that of the deadline.
 */
export class Batcher<Result> {
  readonly #parts: BatcherParts<Result>;
  readonly #deadline: DeadlineTimer;
  readonly #lanes = new Map<number, Lane<Result>>();
  #batches = 0;

  constructor(parts: BatcherParts<Result>) {
    this.#parts = parts;
    const { deadlineMs, address } = parts;
    this.#deadline = new DeadlineTimer(
      deadlineMs,
      () =>
        new UnavailableError(
          'DEADLINE_EXCEEDED',
          `${address} has not decided within ${deadlineMs} ms. Check that the server runs and is not overloaded, or ` +
            'raise deadlineMs.',
        ),
    );
  }

  /** @returns The batch it is in, for `abandoned`. */
  add(slot: number, set: PolicySet, tag: string, cost: number, waiter: Waiter<Result>): Batch<Result> {
    let lane = this.#lanes.get(slot);
    if (lane === undefined) {
      lane = { waiting: [], inFlight: 0, willSend: false };
      this.#lanes.set(slot, lane);
    }
    let batch = lane.waiting.at(-1);
    if (batch === undefined || batch.groups.length >= MOST_GROUPS) {
      batch = this.#begin(lane, slot);
    }
    batch.add(set, tag, cost, waiter);
    if (lane.inFlight < MOST_IN_FLIGHT) this.#sendSoon(lane);
    return batch;
  }

  /** What has not been sent to the slots of a server that does not answer; its waiters are yours now. */
  takeWaiting(isOf: (slot: number) => boolean): Batch<Result>[] {
    const taken: Batch<Result>[] = [];
    for (const [slot, { waiting }] of this.#lanes) {
      if (waiting.length > 0 && isOf(slot)) taken.push(...waiting.splice(0));
    }
    for (const { lease } of taken) if (lease) this.#deadline.leave(lease);
    return taken;
  }

  #begin(lane: Lane<Result>, slot: number): Batch<Result> {
    const batch = new Batch<Result>(`${processId}.${(this.#batches++).toString(36)}`, slot);
    batch.lease = this.#deadline.enter((error) => {
      const index = lane.waiting.indexOf(batch);
      if (index >= 0) lane.waiting.splice(index, 1);
      this.#parts.failed(batch, error);
    });
    lane.waiting.push(batch);
    return batch;
  }

  #sendSoon(lane: Lane<Result>): void {
    if (lane.willSend) return;
    lane.willSend = true;
    // after all that this turn of the event loop still has to ask
    process.nextTick(() => {
      lane.willSend = false;
      while (lane.inFlight < MOST_IN_FLIGHT) {
        const batch = lane.waiting.shift();
        if (batch === undefined) return;
        if (batch.dropAbandoned()) this.#deadline.leave(batch.lease as NonNullable<typeof batch.lease>);
        else this.#send(lane, batch);
      }
    });
  }

  #send(lane: Lane<Result>, batch: Batch<Result>): void {
    const { lease } = batch;
    if (lease === undefined) return;
    const landed = () => {
      lane.inFlight -= 1;
      if (lane.waiting.length > 0) this.#sendSoon(lane);
      // its waiters were answered when it ran out of time
      if (lease.expired) return false;
      this.#deadline.leave(lease);
      return true;
    };
    lane.inFlight += 1;
    this.#parts.send(batch).then(
      (reply) => landed() && this.#parts.answered(batch, reply),
      (error) => landed() && this.#parts.failed(batch, error),
    );
  }
}

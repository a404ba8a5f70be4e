import { DeadlineTimer, UnavailableError } from '@redis-functions/core';
import { processId } from '../process-id.js';
import { Batch, type Waiter } from './batch.js';

/** So that what is asked for while a call is out need not always wait for it. More make smaller calls: each costs a wake-up. */
const MOST_IN_FLIGHT = 2;
/** Keys of one call: more saves next to nothing, and keeps the server from others for longer. */
const MOST_KEYS = 512;

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
class Lane<Result> {
  waiting: Waiter<Result>[] = [];
  /** When the first of them began to wait. */
  since = 0;
  inFlight = 0;
  willSend = false;
  readonly slot: number;

  constructor(slot: number) {
    this.slot = slot;
  }

  /** The next call's. */
  take(): Waiter<Result>[] {
    let keys = 0;
    for (let count = 0; count < this.waiting.length; count++) {
      keys += (this.waiting[count] as Waiter<Result>).set.keyEndings.length;
      if (keys > MOST_KEYS && count > 0) return this.waiting.splice(0, count);
    }
    const all = this.waiting;
    this.waiting = [];
    return all;
  }
}

/**
 * Puts decisions together: what is asked for in one turn of the event loop, and while calls are out, goes out together. A
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

  add(slot: number, waiter: Waiter<Result>): void {
    let lane = this.#lanes.get(slot);
    if (lane === undefined) {
      lane = new Lane(slot);
      this.#lanes.set(slot, lane);
    }
    if (lane.waiting.length === 0) lane.since = performance.now();
    lane.waiting.push(waiter);
    if (lane.inFlight < MOST_IN_FLIGHT && !lane.willSend) this.#sendSoon(lane);
  }

  /** What has not been sent to the slots of a server that does not answer; its waiters are yours now. */
  takeWaiting(isOf: (slot: number) => boolean): Waiter<Result>[] {
    const taken: Waiter<Result>[] = [];
    for (const lane of this.#lanes.values()) {
      if (lane.waiting.length > 0 && isOf(lane.slot)) taken.push(...lane.waiting.splice(0));
    }
    return taken;
  }

  #sendSoon(lane: Lane<Result>): void {
    lane.willSend = true;
    // after all that this turn of the event loop still has to ask
    process.nextTick(() => {
      lane.willSend = false;
      while (lane.inFlight < MOST_IN_FLIGHT && lane.waiting.length > 0) this.#send(lane);
    });
  }

  #send(lane: Lane<Result>): void {
    const batch = new Batch(`${processId}.${(this.#batches++).toString(36)}`, lane.slot, lane.take());
    if (batch.groups.length === 0) return;
    // its waiters have been answered by then; what comes of the call is no matter any more
    const lease = this.#deadline.enter((error) => this.#parts.failed(batch, error), lane.since);
    const landed = () => {
      lane.inFlight -= 1;
      if (lane.waiting.length > 0 && !lane.willSend) this.#sendSoon(lane);
      if (lease.expired) return false;
      this.#deadline.leave(lease);
      return true;
    };
    lane.inFlight += 1;
    this.#parts.send(batch).then(
      (reply) => {
        if (landed()) this.#parts.answered(batch, reply);
      },
      (error) => {
        if (landed()) this.#parts.failed(batch, error);
      },
    );
  }
}

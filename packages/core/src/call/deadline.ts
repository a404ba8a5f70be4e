import { onAbort } from './abort.js';

/** One wait that may run out. Work that is still on its way looks at it: nobody waits for it any more. */
export interface Lease {
  readonly expired: boolean;
  /** Set by the work: why it has not succeeded so far. */
  refusal: unknown;
  /** Set by the work: ends a wait that has become pointless. */
  onExpired: (() => void) | undefined;
}

interface Entry extends Lease {
  expired: boolean;
  readonly dueAt: number;
  reject(error: unknown): void;
  previous: Entry | undefined;
  next: Entry | undefined;
}

/**
 * Gives every call a deadline with one timer for all calls of the same length, in the order of their start. A timer or an
 * AbortSignal per call costs more than the call.
 */
export class DeadlineTimer {
  readonly #durationMs: number;
  readonly #timeoutError: (refusal: unknown) => Error;
  #first: Entry | undefined;
  #last: Entry | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** @param durationMs Milliseconds each call may take; 0 for no deadline. */
  constructor(durationMs: number, timeoutError: (refusal: unknown) => Error) {
    this.#durationMs = durationMs;
    this.#timeoutError = timeoutError;
  }

  /** @param signal Gives the wait up early, with the signal's reason. */
  run<T>(work: (lease: Lease) => Promise<T>, signal?: AbortSignal): Promise<T> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    return new Promise<T>((resolve, reject) => {
      const lease = this.enter(reject);
      const stopListening = signal && onAbort(signal, () => this.#giveUp(lease as Entry, signal.reason));
      const settle = () => {
        stopListening?.();
        this.leave(lease);
      };
      work(lease).then(
        (value) => {
          settle();
          resolve(value);
        },
        (error) => {
          settle();
          reject(error);
        },
      );
    });
  }

  /**
   * Begins a wait. `reject` is called when it runs out; until then, `leave` ends it.
   *
   * @param since When the wait really began, by `performance.now()`. Default: now.
   */
  enter(reject: (error: unknown) => void, since = performance.now()): Lease {
    const entry: Entry = {
      expired: false,
      refusal: undefined,
      onExpired: undefined,
      dueAt: this.#durationMs === 0 ? Number.POSITIVE_INFINITY : since + this.#durationMs,
      reject,
      previous: undefined,
      next: undefined,
    };
    if (this.#durationMs !== 0) this.#append(entry);
    return entry;
  }

  leave(lease: Lease): void {
    this.#remove(lease as Entry);
  }

  #append(entry: Entry): void {
    entry.previous = this.#last;
    if (this.#last) this.#last.next = entry;
    else this.#first = entry;
    this.#last = entry;
    this.#timer ??= setTimeout(this.#expire, this.#durationMs);
    // it was let go when the last call ended
    if (this.#first === entry) this.#timer.ref();
  }

  #giveUp(entry: Entry, error: unknown): void {
    this.#remove(entry);
    entry.expired = true;
    entry.reject(error);
    entry.onExpired?.();
  }

  #remove(entry: Entry): void {
    if (entry.expired || this.#durationMs === 0) return;
    if (entry.previous) entry.previous.next = entry.next;
    else this.#first = entry.next;
    if (entry.next) entry.next.previous = entry.previous;
    else this.#last = entry.previous;
    // an entry that has left and is still in memory would keep all that came after it there, and their replies with them
    entry.previous = undefined;
    entry.next = undefined;
    // an armed timer without calls must not keep a finished process alive
    if (!this.#first) this.#timer?.unref();
  }

  /**
   * Where this process was busy for as long as the deadline, replies may have been waiting in its sockets: Node runs due
   * timers first, so they are read before anything is given up.
   */
  readonly #expire = (): void => {
    setImmediate(this.#giveUpDue);
  };

  readonly #giveUpDue = (): void => {
    const now = performance.now();
    while (this.#first && this.#first.dueAt <= now) {
      const entry = this.#first;
      this.#giveUp(entry, this.#timeoutError(entry.refusal));
    }
    this.#timer = this.#first ? setTimeout(this.#expire, Math.max(1, this.#first.dueAt - now)) : undefined;
  };
}

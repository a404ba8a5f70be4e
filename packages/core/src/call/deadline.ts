/** One wait that may run out. `expired` tells work that is still on its way that nobody waits for it any more. */
export interface Lease {
  readonly expired: boolean;
}

interface Entry extends Lease {
  expired: boolean;
  readonly dueAt: number;
  reject(error: Error): void;
  previous: Entry | undefined;
  next: Entry | undefined;
}

/**
 * Gives every call a deadline with one timer for all calls of the same length, in the order of their start. A timer or an
 * AbortSignal per call costs more than the call.
 */
export class DeadlineTimer {
  readonly #durationMs: number;
  readonly #timeoutError: () => Error;
  #first: Entry | undefined;
  #last: Entry | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** @param durationMs Milliseconds each call may take; 0 for no deadline. */
  constructor(durationMs: number, timeoutError: () => Error) {
    this.#durationMs = durationMs;
    this.#timeoutError = timeoutError;
  }

  run<T>(work: (lease: Lease) => Promise<T>): Promise<T> {
    if (this.#durationMs === 0) return work({ expired: false });
    return new Promise<T>((resolve, reject) => {
      const entry: Entry = {
        expired: false,
        dueAt: performance.now() + this.#durationMs,
        reject,
        previous: this.#last,
        next: undefined,
      };
      this.#append(entry);
      work(entry).then(
        (value) => {
          this.#remove(entry);
          resolve(value);
        },
        (error) => {
          this.#remove(entry);
          reject(error);
        },
      );
    });
  }

  #append(entry: Entry): void {
    if (this.#last) this.#last.next = entry;
    else this.#first = entry;
    this.#last = entry;
    this.#timer ??= setTimeout(this.#expire, this.#durationMs);
  }

  #remove(entry: Entry): void {
    if (entry.expired) return;
    if (entry.previous) entry.previous.next = entry.next;
    else this.#first = entry.next;
    if (entry.next) entry.next.previous = entry.previous;
    else this.#last = entry.previous;
    // an armed timer without calls would keep a finished process alive
    if (!this.#first) this.#timer?.unref();
    else this.#timer?.ref();
  }

  readonly #expire = (): void => {
    const now = performance.now();
    while (this.#first && this.#first.dueAt <= now) {
      const entry = this.#first;
      this.#remove(entry);
      entry.expired = true;
      entry.reject(this.#timeoutError());
    }
    this.#timer = this.#first ? setTimeout(this.#expire, Math.max(1, this.#first.dueAt - now)) : undefined;
  };
}

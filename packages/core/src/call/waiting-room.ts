import type { Lease } from './deadline.js';

interface Waiter {
  resolve(): void;
  reject(error: unknown): void;
}

/**
 * Where calls wait for a connection: one listener for all of them, and a call whose deadline has passed leaves nothing
 * behind. An outage is long, and the calls of an outage are many.
 */
export class WaitingRoom {
  readonly #whenReady: () => Promise<void>;
  readonly #waiters = new Set<Waiter>();
  #isListening = false;

  constructor(whenReady: () => Promise<void>) {
    this.#whenReady = whenReady;
  }

  /** @param expired Makes the reason for the work whose caller is gone already. */
  enter(lease: Lease, expired: () => Error): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiter = { resolve, reject };
      this.#waiters.add(waiter);
      lease.onExpired = () => {
        this.#waiters.delete(waiter);
        reject(expired());
      };
      this.#listen();
    });
  }

  #listen(): void {
    if (this.#isListening) return;
    this.#isListening = true;
    this.#whenReady().then(
      () => this.#leave((waiter) => waiter.resolve()),
      (error) => this.#leave((waiter) => waiter.reject(error)),
    );
  }

  #leave(settle: (waiter: Waiter) => void): void {
    this.#isListening = false;
    const waiters = [...this.#waiters];
    this.#waiters.clear();
    for (const waiter of waiters) settle(waiter);
  }
}

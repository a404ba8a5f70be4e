/** Together with the longest wait before a reconnect, well below a second: limits are to hold again within one. */
const PROBE_DELAY_MS = { first: 50, most: 200 };

/**
 * Keeps decisions from waiting for a server that does not answer: open after the first that it left without an answer,
 * closed by the first probe that it answers in time. One probe at a time.
 */
export class Circuit {
  readonly #onClosed: () => void;
  #isOpen = false;
  #isStopped = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(onClosed: () => void) {
    this.#onClosed = onClosed;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /**
   * @param probe Asks the server something that changes nothing, and rejects where it does not answer in time.
   * @returns False where it was open already.
   */
  open(probe: () => Promise<unknown>): boolean {
    if (this.#isOpen) return false;
    this.#isOpen = true;
    this.#probeAfter(PROBE_DELAY_MS.first, probe);
    return true;
  }

  /** No further probes: it stays as it is. */
  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  #probeAfter(delayMs: number, probe: () => Promise<unknown>): void {
    if (this.#isStopped) return;
    this.#timer = setTimeout(() => {
      probe().then(
        () => {
          this.#isOpen = false;
          this.#onClosed();
        },
        () => this.#probeAfter(Math.min(delayMs * 2, PROBE_DELAY_MS.most), probe),
      );
    }, delayMs);
    // a process that has nothing else to do may end
    this.#timer.unref();
  }
}

/** Lines of carts that one turn of the event loop reads: about half a millisecond. */
const LINES_PER_TURN = 400;

interface Waiting {
  readonly lines: number;
  goOn(): void;
}

/**
 * Shares the turns of the event loop among the carts that one turn has brought. Replies that come together would be read
 * together, and until the last of them nothing could be written: neither what the first asks next, so that the server
 * waits for the client, nor the client for the server, in turns; nor the answer of anybody else.
 */
class Slices {
  #left = LINES_PER_TURN;
  #isRunning = false;
  readonly #waiting: Waiting[] = [];

  /** @returns Nothing where there is still time in this turn. */
  take(lines: number): Promise<void> | undefined {
    if (!this.#isRunning) {
      this.#isRunning = true;
      setImmediate(this.#begin);
    }
    if (this.#left > 0) {
      this.#left -= lines;
      return undefined;
    }
    return new Promise((resolve) => this.#waiting.push({ lines, goOn: resolve }));
  }

  readonly #begin = (): void => {
    this.#left = LINES_PER_TURN;
    while (this.#left > 0) {
      const next = this.#waiting.shift();
      if (!next) break;
      this.#left -= next.lines;
      next.goOn();
    }
    this.#isRunning = this.#left < LINES_PER_TURN;
    if (this.#isRunning) setImmediate(this.#begin);
  };
}

export const slices = new Slices();

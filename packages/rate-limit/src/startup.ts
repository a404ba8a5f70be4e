/**
 * The moment after creation when the connection and the library are still on their way. Decisions wait for them, once and
 * for a bounded time: deciding in process meanwhile would let the first requests of every deploy pass uncounted.
 */
export class Startup {
  readonly #prepare: () => Promise<unknown>;
  readonly #longestMs: number;
  #over = false;
  #ended: Promise<void> | undefined;
  #end = () => {
    this.#over = true;
  };

  constructor(prepare: () => Promise<unknown>, longestMs: number) {
    this.#prepare = prepare;
    this.#longestMs = longestMs;
  }

  get over(): boolean {
    return this.#over;
  }

  /** Resolves when Redis can decide, or when it is not worth waiting for any longer; never rejects. */
  wait(): Promise<void> {
    this.#ended ??= new Promise((resolve) => {
      const timer = setTimeout(() => this.giveUp(), this.#longestMs);
      this.#end = () => {
        this.#over = true;
        clearTimeout(timer);
        resolve();
      };
      this.#prepare().then(
        () => this.giveUp(),
        () => this.giveUp(),
      );
    });
    return this.#ended;
  }

  giveUp(): void {
    this.#end();
  }
}

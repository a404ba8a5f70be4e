const EVERY_MS = 2;
/** Less is not worth remembering. */
const STALL_MS = 4;
const REMEMBERED = 5_000;

/** When the event loop of this process was held up: by others on the same cores, mostly. */
export class LoopDelay {
  readonly #stalls: { from: number; to: number }[] = [];
  #due = performance.now() + EVERY_MS;
  #timer = setTimeout(() => this.#look(), EVERY_MS);

  /** How much of a stretch of time it was held up for, in milliseconds. */
  within(from: number, to: number): number {
    // what is asked for at the end of a stall is asked before the look that would note it
    const unnoted = { from: this.#due, to: performance.now() };
    const stalls = unnoted.to - unnoted.from > STALL_MS ? [...this.#stalls, unnoted] : this.#stalls;
    return stalls.reduce((sum, stall) => {
      return sum + Math.max(0, Math.min(to, stall.to) - Math.max(from, stall.from));
    }, 0);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #look(): void {
    const now = performance.now();
    if (now - this.#due > STALL_MS) this.#stalls.push({ from: this.#due, to: now });
    if (this.#stalls.length > REMEMBERED) this.#stalls.shift();
    this.#due = now + EVERY_MS;
    this.#timer = setTimeout(() => this.#look(), EVERY_MS);
  }
}

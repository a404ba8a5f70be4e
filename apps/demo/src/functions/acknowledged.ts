/**
 * What one counter has answered, to a caller who asks it once at a time and is the only one who does: its values rise. A
 * value that does not is the first after a takeover by a server that had not heard of the ones from there on: those were
 * acknowledged, and are lost.
 */
export class Acknowledged {
  /** Those that the counter still has, as far as is known. */
  readonly #values: number[] = [];
  #lost = 0;

  get count(): number {
    return this.#values.length + this.#lost;
  }

  /** At least so many: a call without an answer may have counted after a takeover, in the place of one that is lost. */
  get lost(): number {
    return this.#lost;
  }

  /** An increment was acknowledged with this value. */
  take(value: number): void {
    this.#loseFrom(value);
    this.#values.push(value);
  }

  /** The counter has this value now. */
  compare(value: number): void {
    this.#loseFrom(value + 1);
  }

  #loseFrom(value: number): void {
    while ((this.#values.at(-1) ?? 0) >= value) {
      this.#values.pop();
      this.#lost += 1;
    }
  }
}

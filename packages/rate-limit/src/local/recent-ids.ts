/** Remembers at least the last so many ids, and at most twice as many. */
export class RecentIds {
  readonly #count: number;
  #young = new Set<string>();
  #old = new Set<string>();

  constructor(count: number) {
    this.#count = count;
  }

  /** @returns False where it was there already. */
  add(id: string): boolean {
    if (this.#young.has(id) || this.#old.has(id)) return false;
    this.#young.add(id);
    if (this.#young.size >= this.#count) {
      this.#old = this.#young;
      this.#young = new Set();
    }
    return true;
  }
}

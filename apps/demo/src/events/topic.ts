/** Hears what is new about a topic, as the JSON that goes to pages. */
export type Listener = (kind: string, json: string) => void;

export interface Reading {
  readonly kind: string;
  /** How often it is read while somebody watches. Undefined: only when somebody tells that it has changed. */
  readonly everyMs: number | undefined;
  read(): Promise<unknown>;
}

/**
 * One thing that pages watch. It is read once for all of them, and told when it is not what it was. Nobody watching, no
 * reading.
 */
export class Topic {
  readonly #reading: Reading;
  readonly #settled: () => void;
  readonly #listeners = new Set<Listener>();
  #timer: NodeJS.Timeout | undefined;
  #last: string | undefined;
  #underWay: Promise<void> | undefined;
  #isDue = false;
  #failure: unknown;

  /** @param settled Told after each attempt to read. */
  constructor(reading: Reading, settled: () => void) {
    this.#reading = reading;
    this.#settled = settled;
  }

  get isWatched(): boolean {
    return this.#listeners.size > 0;
  }

  /** What the last attempt to read failed with. */
  get failure(): unknown {
    return this.#failure;
  }

  add(listener: Listener): void {
    this.#listeners.add(listener);
    if (this.#last !== undefined) listener(this.#reading.kind, this.#last);
    if (this.#listeners.size > 1) return;
    void this.refresh();
    const { everyMs } = this.#reading;
    if (everyMs !== undefined) this.#timer = setInterval(() => this.#underWay ?? this.refresh(), everyMs).unref();
  }

  remove(listener: Listener): void {
    this.#listeners.delete(listener);
    if (!this.isWatched) clearInterval(this.#timer);
  }

  /** Reads it now. What changes while it is being read is read once more afterwards. */
  refresh(): Promise<void> {
    this.#isDue = true;
    this.#underWay ??= this.#readUntilDone().finally(() => {
      this.#underWay = undefined;
    });
    return this.#underWay;
  }

  async #readUntilDone(): Promise<void> {
    while (this.#isDue && this.isWatched) {
      this.#isDue = false;
      try {
        this.#tell(JSON.stringify(await this.#reading.read()));
        this.#failure = undefined;
      } catch (error) {
        this.#failure = error;
      }
      this.#settled();
    }
  }

  #tell(json: string): void {
    if (json === this.#last) return;
    this.#last = json;
    for (const listener of this.#listeners) listener(this.#reading.kind, json);
  }
}

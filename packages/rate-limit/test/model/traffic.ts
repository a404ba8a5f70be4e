import { KINDS, type Kind, type Model, type Moment } from './models.js';
import { random } from './random.js';

/** Far ahead: keys expire by the server's own clock, and are not to while the test's has not come as far. */
const BEGIN = 3_000_000_000_000_000n;
const MS = 1_000n;

/** One client of one policy. */
export interface Client {
  readonly kind: Kind;
  readonly keys: readonly string[];
  model: Model;
  limit: number;
  windowMs: number;
  readonly leases: string[];
}

/** Clients with limits, windows, costs and pauses by chance, that change now and then. */
export class Traffic {
  readonly clients: readonly Client[];
  readonly below: (count: number) => number;
  now = BEGIN;

  constructor(kinds: readonly Kind[], perKind: number, seed: number) {
    this.below = random(seed);
    this.clients = kinds.flatMap((kind) =>
      Array.from({ length: perKind }, (_, index) => {
        const key = `${kind} ${index}`;
        const { keys, make } = KINDS[kind];
        const client: Client = {
          kind,
          keys: keys === 1 ? [key] : [key, `${key}:second`],
          model: make(),
          limit: 1,
          windowMs: 1,
          leases: [],
        };
        this.#change(client);
        return client;
      }),
    );
  }

  any(): Client {
    return this.clients[this.below(this.clients.length)] as Client;
  }

  at({ limit, windowMs }: Client): Moment {
    return { now: this.now, limit, window: BigInt(windowMs) * MS };
  }

  /** Some time passes, often next to none; and sometimes a limit changes. */
  goOn(): void {
    const { windowMs } = this.any();
    const window = windowMs * 1_000;
    const pauses = [0, 0, 1, this.below(1_000), this.below(1 + window / 200), this.below(1 + window / 20), window / 7];
    this.now += BigInt(Math.floor(pauses[this.below(pauses.length)] ?? 0));
    if (this.below(400) === 0) this.now += BigInt(window);
    if (this.below(100) === 0) this.#change(this.any());
  }

  costOf({ limit }: Client): number {
    return this.below(3) === 0 ? 1 + this.below(limit) : 1 + this.below(Math.max(1, Math.ceil(limit / 8)));
  }

  #change(client: Client): void {
    client.limit = 1 + this.below([5, 12, 60, 300][this.below(4)] as number);
    const windows = [1_000, 60_000, client.limit * (1 + this.below(500)), 1 + this.below(100_000)];
    client.windowMs = windows[this.below(windows.length)] as number;
  }
}

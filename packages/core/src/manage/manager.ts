import type { DeadlineTimer } from '../call/deadline.js';
import { type Gate, NOWHERE } from '../call/gate.js';
import type { PrimaryNode } from '../client/port.js';

/** Sends what is not a call: to one server, or to every one that takes writes. */
export class Manager {
  readonly #gate: Gate;
  readonly #deadline: DeadlineTimer;

  constructor(gate: Gate, deadline: DeadlineTimer) {
    this.#gate = gate;
    this.#deadline = deadline;
  }

  onOne<T>(work: (node: PrimaryNode) => Promise<T>): Promise<T> {
    return this.run(async () => work(await this.#gate.port.primaryFor(undefined)));
  }

  onEach<T>(work: (node: PrimaryNode) => Promise<T>): Promise<T[]> {
    return this.run(async () => Promise.all((await this.#gate.port.primaries()).map(work)));
  }

  run<T>(work: () => Promise<T>): Promise<T> {
    return this.#deadline.run(async (lease) => {
      await this.#gate.connected(lease);
      return this.#gate.explaining(NOWHERE, work);
    });
  }
}

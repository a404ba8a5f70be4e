import type { DeadlineTimer } from '../call/deadline.js';
import { type Gate, NOWHERE } from '../call/gate.js';
import type { PrimaryNode } from '../client/port.js';

/** One server that takes writes. */
export interface Primary {
  /** host:port, or what the client calls it. */
  readonly id: string;
  /**
   * Sends one command to this server and no other, under the deadline of the client. Bulk strings arrive as text.
   *
   * @throws FunctionCallError with the server's code; UnavailableError.
   */
  send(command: readonly (string | Buffer)[]): Promise<unknown>;
}

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

  async primaries(): Promise<Primary[]> {
    const nodes = await this.run(() => this.#gate.port.primaries());
    return nodes.map((node) => ({ id: node.id, send: (command) => this.run(() => node.send(command)) }));
  }

  run<T>(work: () => Promise<T>): Promise<T> {
    return this.#deadline.run(async (lease) => {
      await this.#gate.connected(lease);
      return this.#gate.explaining(NOWHERE, work);
    });
  }
}

import { Agent, get } from 'node:http';

export interface Answer {
  readonly status: number;
  /** Who decided, by the header that the app sets. */
  readonly source: string;
  /** Of the decision within the app, less what its event loop was late in the meantime; milliseconds. */
  readonly waitMs: number;
}

const WORKERS = 6;

/** Clients that send a request as soon as the last one was answered, each time as somebody else, until they are stopped. */
export class RequestTraffic {
  readonly answers: Answer[] = [];
  readonly errors: unknown[] = [];
  readonly #port: number;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #done: Promise<unknown>;
  #running = true;
  #next = 0;

  constructor(port: number) {
    this.#port = port;
    this.#done = Promise.all(Array.from({ length: WORKERS }, () => this.#work()));
  }

  /** Resolves when so many requests more have been answered as is asked for. */
  async until(isEnough: (answers: readonly Answer[]) => boolean, withinMs = 10_000): Promise<Answer[]> {
    const from = this.answers.length;
    const givesUpAt = performance.now() + withinMs;
    for (;;) {
      const since = this.answers.slice(from);
      if (isEnough(since)) return since;
      if (performance.now() > givesUpAt) {
        throw new Error(`not within ${withinMs} ms; the last answers: ${JSON.stringify(since.slice(-3))}`);
      }
      await new Promise(setImmediate);
    }
  }

  /** One request as a certain client. */
  ask(client: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const options = { port: this.#port, agent: this.#agent, headers: { 'x-client': client } };
      get(options, (response) => {
        response.resume().on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            source: String(response.headers['x-source']),
            waitMs: Number(response.headers['x-wait-ms']),
          }),
        );
      }).on('error', reject);
    });
  }

  async stop(): Promise<void> {
    this.#running = false;
    await this.#done;
    this.#agent.destroy();
  }

  async #work(): Promise<void> {
    while (this.#running) {
      await this.ask(`client ${this.#next++ % 5_000}`).then(
        (answer) => this.answers.push(answer),
        (error) => this.errors.push(error),
      );
    }
  }
}

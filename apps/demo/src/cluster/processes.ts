import cluster, { type Worker } from 'node:cluster';
import type { Traffic } from './messages.js';

/** A process that ends sooner would end again at once. */
const SHORT_LIFE_MS = 5_000;
/** A process that is told to end lets what it does come to its end for so long. */
const PATIENCE_MS = 10_000;

export interface ProcessesOptions {
  readonly count: number;
  /** What each of them runs. */
  readonly exec: string;
  readonly env: NodeJS.ProcessEnv;
  heard(worker: Worker, message: unknown): void;
  /** All of them listen. */
  opened(port: number): void;
  /** None of them runs any more. @param failure Why one could not even start. */
  ended(failure: Error | undefined): void;
}

/** Processes that share a port. One that dies is replaced. */
export class Processes {
  readonly #options: ProcessesOptions;
  #failure: Error | undefined;
  #listening = 0;
  #isOpen = false;
  #isEnding = false;

  constructor(options: ProcessesOptions) {
    this.#options = options;
    cluster.setupPrimary({ exec: options.exec });
    // the first brings the libraries, the others find them there
    cluster.on('listening', (_, { port }) => this.#goOn(port));
    this.#fork();
  }

  end(): void {
    this.#isEnding = true;
    for (const worker of this.#running()) {
      worker.process.kill('SIGTERM');
      setTimeout(() => worker.process.kill('SIGKILL'), PATIENCE_MS).unref();
    }
  }

  tell(message: Traffic): void {
    for (const worker of this.#running()) if (worker.isConnected()) worker.send(message);
  }

  #running(): Worker[] {
    return Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined);
  }

  #goOn(port: number): void {
    if (this.#isEnding || this.#isOpen) return;
    const { count, opened } = this.#options;
    this.#listening += 1;
    for (let running = this.#running().length; running < count; running++) this.#fork();
    if (this.#listening < count) return;
    this.#isOpen = true;
    opened(port);
  }

  #fork(): void {
    const began = performance.now();
    const worker = cluster.fork(this.#options.env);
    worker.on('message', (message: unknown) => this.#options.heard(worker, message));
    worker.on('exit', (code, signal) => {
      const how = `${worker.process.pid} ended with ${signal ?? `code ${code}`}`;
      if (!this.#isEnding && performance.now() - began < SHORT_LIFE_MS) {
        this.#failure = new Error(`Process ${how} right after its start; it has said why.`);
        this.end();
      }
      if (!this.#isEnding) {
        console.log(`Process ${how}. Another one takes its place.`);
        this.#fork();
      } else if (this.#running().length === 0) this.#options.ended(this.#failure);
    });
  }
}

import { Operation } from './operation.js';

const NOTHING_UNDER_WAY = Promise.resolve();
const NO_FAILURES: readonly Failure[] = [];

interface Failure {
  readonly error: unknown;
  readonly operation: Operation<unknown>;
  /** The handler had answered already: whoever hears of it can say nothing else any more. */
  readonly isLate: boolean;
}

/** What a request asks for, one after the other, in its order, whether somebody awaits it or not. */
export class Operations {
  #last: Promise<unknown> = NOTHING_UNDER_WAY;
  #unfinished = 0;
  /** Of operations that nobody waits for, or that were still under way when the request answered. */
  #failures: readonly Failure[] = NO_FAILURES;
  #answering = false;

  get areUnderWay(): boolean {
    return this.#unfinished > 0;
  }

  /** Nothing is under way, and nothing has failed that nobody has heard of. */
  get areDone(): boolean {
    return this.#unfinished === 0 && !this.#failures.some(isUnheard);
  }

  run<T>(work: () => Promise<T>): Operation<T> {
    this.#unfinished += 1;
    const result = this.#last.then(work);
    const operation = Operation.of(result);
    this.#last = result.then(
      () => {
        this.#unfinished -= 1;
      },
      (error) => {
        this.#unfinished -= 1;
        this.#failures = [...this.#failures, { error, operation, isLate: this.#answering }];
      },
    );
    return operation;
  }

  /** Asks when what was asked for before has ended. */
  after<T>(work: () => Promise<T>): Promise<T> {
    return this.#last.then(work);
  }

  /** When the request answers: waits for all, and throws what nobody has heard of. */
  async finish(): Promise<void> {
    this.#answering = true;
    await this.#last;
    const unheard = this.#failures.find(isUnheard);
    this.#failures = NO_FAILURES;
    if (unheard) throw unheard.error;
  }
}

function isUnheard({ operation, isLate }: Failure): boolean {
  return isLate || !operation.isAwaited;
}

/**
 * The promise of an operation that can say whether anybody waits for it. Node would end the process for an error that
 * nobody hears; here the request has to hear of it instead.
 */
export class Operation<T> extends Promise<T> {
  /** What is derived from one is a promise like any other. */
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  static of<T>(result: Promise<T>): Operation<T> {
    const operation = new Operation<T>((resolve, reject) => void result.then(resolve, reject));
    operation.catch(() => {});
    operation.#isAwaited = false;
    return operation;
  }

  #isAwaited = false;

  get isAwaited(): boolean {
    return this.#isAwaited;
  }

  // biome-ignore lint/suspicious/noThenProperty: `await` calls this one because the class is not Promise itself
  override then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.#isAwaited = true;
    return super.then(onFulfilled, onRejected);
  }
}

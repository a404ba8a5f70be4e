import { tell } from './events.js';

const QUIET_MS = 60_000;

/** Says that Redis does not decide, and why: to `onError` every time, or else to the process once per outage. */
export class OutageNotice {
  readonly #onError: ((error: Error) => void) | undefined;
  #warned = false;
  #warnedAt = Number.NEGATIVE_INFINITY;

  constructor(onError: ((error: Error) => void) | undefined) {
    this.#onError = onError;
  }

  report(error: Error, answer: string): void {
    const onError = this.#onError;
    if (onError) {
      tell(() => onError(error));
      return;
    }
    const now = performance.now();
    // a connection that comes and goes must not fill the log
    if (this.#warned || now - this.#warnedAt < QUIET_MS) return;
    this.#warned = true;
    this.#warnedAt = now;
    process.emitWarning(`Redis does not decide on rate limits, ${answer} (onUnavailable). ${error.message}`, {
      type: 'RateLimitWarning',
      code: 'RATE_LIMIT_WITHOUT_REDIS',
    });
  }

  /** Redis has decided again: the next outage is news. */
  over(): void {
    this.#warned = false;
  }
}

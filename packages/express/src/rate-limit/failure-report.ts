const QUIET_MS = 60_000;

/**
 * Where errors go after a response has ended, when no request can be told any more: to `onError`, or else to the process,
 * once a minute at most.
 */
export function failureReport(onError: ((error: Error) => void) | undefined): (error: Error) => void {
  let warnedAt = Number.NEGATIVE_INFINITY;
  return (error) => {
    if (onError) {
      tell(onError, error);
      return;
    }
    const now = performance.now();
    if (now - warnedAt < QUIET_MS) return;
    warnedAt = now;
    process.emitWarning(
      `A response has ended, and its request was not taken out of the count, or its lease not released: ${error?.message} ` +
        'A lease ends by itself after the window of its policy. Give onError to hear of each.',
      { type: 'RateLimitWarning', code: 'RATE_LIMIT_NOT_SETTLED' },
    );
  };
}

function tell(onError: (error: Error) => void, error: Error): void {
  try {
    onError(error);
  } catch (cause) {
    process.emitWarning(`The listener onError threw: ${cause}. Mend it.`, {
      type: 'RateLimitWarning',
      code: 'RATE_LIMIT_LISTENER',
    });
  }
}

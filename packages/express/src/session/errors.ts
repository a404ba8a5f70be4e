import { UnavailableError } from '@redis-functions/core';
import { SessionError } from '@redis-functions/session';

const UNAVAILABLE = 503;
const RETRY_AFTER_S = '1';

/** Undefined for an error that is none of a session. */
export function statusOf(error: unknown): number | undefined {
  if (error instanceof UnavailableError) return UNAVAILABLE;
  return error instanceof SessionError ? error.httpStatus : undefined;
}

/** Express answers with the `status` and `headers` that an error has, where no handler of the application does. */
export function forExpress(error: unknown): unknown {
  const status = statusOf(error);
  if (status === undefined) return error;
  return Object.assign(error as Error, {
    status,
    ...(status === UNAVAILABLE && { headers: { 'Retry-After': RETRY_AFTER_S } }),
  });
}

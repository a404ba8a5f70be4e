import { RedisFunctionsError, UnavailableError } from '@redis-functions/core';
import { SessionError } from '../errors.js';
import { CsrfError } from './csrf/csrf-error.js';

const UNAVAILABLE = 503;
/** A server that is away is looked for about four times a second. */
const RETRY_AFTER_S = '1';

/** For a client: what it can do, and nothing about the servers behind this one. */
const DETAILS: Readonly<Record<number, string>> = {
  403: 'The request does not seem to come from this site. Reload the page and try again.',
  409: 'The session was changed or ended meanwhile, and this request changed nothing. Try again.',
  413: 'The session cannot hold that much.',
  503: 'Sessions cannot be looked up at the moment. Try again in a moment.',
};

/** What a client is told of an error of sessions (RFC 9457 names the parts of a problem). */
export interface SessionProblem {
  readonly status: number;
  readonly code: string;
  readonly detail: string | undefined;
  /** Further header fields of the response. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Undefined for an error that is none of a session. */
export function toSessionProblem(error: unknown): SessionProblem | undefined {
  const status = statusOf(error);
  if (status === undefined) return undefined;
  const headers = status === UNAVAILABLE ? { 'Retry-After': RETRY_AFTER_S } : {};
  return { status, code: (error as RedisFunctionsError).code, detail: DETAILS[status], headers };
}

function statusOf(error: unknown): number | undefined {
  if (error instanceof UnavailableError) return UNAVAILABLE;
  return error instanceof SessionError || error instanceof CsrfError ? error.httpStatus : undefined;
}

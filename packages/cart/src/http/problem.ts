import { STATUS_CODES } from 'node:http';
import { CartError, type CartErrorDetails } from '../cart-error.js';

/** Problem details (RFC 9457), with what the error knows besides. */
export type CartProblem = CartErrorDetails & {
  readonly type: 'about:blank';
  readonly title: string;
  readonly status: number;
  readonly detail: string;
};

/** What a client is told of a refusal; undefined for an error that is none of a cart. */
export function toCartProblem(error: unknown): CartProblem | undefined {
  if (!(error instanceof CartError)) return undefined;
  const { details, httpStatus, message } = error;
  const title = STATUS_CODES[httpStatus] ?? '';
  // what is broken in here is for nobody out there
  const detail = httpStatus < 500 ? message : 'The cart could not be read. It has been noted.';
  return { ...details, type: 'about:blank', title, status: httpStatus, detail };
}

import type { ServerResponse } from 'node:http';
import { HttpException } from '@nestjs/common';
import { toSessionProblem } from '@redis-functions/session';

/** A refusal of sessions as Nest's filters understand it; `cause` says the rest, which is not for clients. */
export class SessionException extends HttpException {
  readonly code: string;
  /** What GraphQL servers send beside the message. */
  readonly extensions: { readonly code: string };

  constructor(status: number, code: string, message: string, cause?: unknown) {
    super({ statusCode: status, code, message }, status, cause === undefined ? {} : { cause });
    this.code = code;
    this.extensions = { code };
  }
}

/** What sessions threw, with its status; anything else as it is. */
export function toException(error: unknown, response?: ServerResponse): unknown {
  const problem = toSessionProblem(error);
  if (!problem || error instanceof HttpException) return error;
  const { status, code, headers, detail = 'The session could not be used.' } = problem;
  if (response && !response.headersSent) {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  }
  return new SessionException(status, code, detail, error);
}

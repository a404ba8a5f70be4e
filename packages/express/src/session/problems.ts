import { STATUS_CODES } from 'node:http';
import { UnavailableError } from '@redis-functions/core';
import type { ErrorRequestHandler, NextFunction, Request, Response } from 'express';
import { statusOf } from './errors.js';

/** For a client: what it can do, and nothing about the servers behind this one. */
const DETAIL_OF_STATUS: Readonly<Record<number, string>> = {
  409: 'The session was changed or ended meanwhile, and this request changed nothing. Try again.',
  413: 'The session cannot hold that much.',
  503: 'Sessions cannot be looked up at the moment. Try again in a moment.',
};

/**
 * Answers errors of sessions as problem details (RFC 9457): 503 while Redis is away, 409 where the session ended or
 * changed meanwhile, 413, 500. Comes after the routes, as error handlers do; other errors pass.
 */
export function sessionProblems(): ErrorRequestHandler {
  return function sessionProblemsHandler(error: unknown, _request: Request, response: Response, next: NextFunction) {
    const status = statusOf(error);
    if (status === undefined || response.headersSent) {
      next(error);
      return;
    }
    if (error instanceof UnavailableError) response.setHeader('Retry-After', '1');
    const { code } = error as { code: string };
    const [title, detail] = [STATUS_CODES[status], DETAIL_OF_STATUS[status]];
    response.status(status).type('application/problem+json');
    response.send(JSON.stringify({ type: 'about:blank', title, status, detail, code }));
  };
}

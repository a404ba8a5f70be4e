import { STATUS_CODES } from 'node:http';
import { toSessionProblem } from '@redis-functions/session';
import type { ErrorRequestHandler, NextFunction, Request, Response } from 'express';

/**
 * Answers errors of sessions as problem details (RFC 9457): 503 while Redis is away, 409 where the session ended or
 * changed meanwhile, 403 for requests of other sites, 413, 500. Comes after the routes, as error handlers do; other errors
 * pass.
 */
export function sessionProblems(): ErrorRequestHandler {
  return function sessionProblemsHandler(error: unknown, _request: Request, response: Response, next: NextFunction) {
    const problem = toSessionProblem(error);
    if (!problem || response.headersSent) {
      next(error);
      return;
    }
    const { status, detail, code, headers } = problem;
    response.status(status).set(headers).type('application/problem+json');
    response.send(JSON.stringify({ type: 'about:blank', title: STATUS_CODES[status], status, detail, code }));
  };
}

import { conditionsOf, etagOf, type OperationOptions, toCartProblem } from '@redis-functions/cart';
import type { ErrorRequestHandler, NextFunction, Request, Response } from 'express';

/**
 * What a request says about its change, for the last argument of the cart's operations: `If-Match` as `ifVersion`,
 * `Idempotency-Key` as `opId`.
 *
 * @throws CartError `INVALID_ARGUMENT` (status 400) for a field that says nothing of a cart.
 */
export function cartConditions({ headers }: Request): OperationOptions {
  return conditionsOf(headers);
}

/** Answers with a cart and its `ETag`; 304 where the visitor has it already. */
export function sendCart(response: Response, cart: { readonly version: number }): void {
  // what one visitor has in the cart is for no cache between
  response.set('ETag', etagOf(cart)).set('Cache-Control', 'private, no-cache').json(cart);
}

/**
 * Answers refusals of carts as problem details (RFC 9457) with their code and facts: 400, 404, 409, 410, 412, 422, 500.
 * Comes after the routes, as error handlers do; other errors pass.
 */
export function cartProblems(): ErrorRequestHandler {
  return function cartProblemsHandler(error: unknown, _request: Request, response: Response, next: NextFunction) {
    const problem = toCartProblem(error);
    if (!problem || response.headersSent) {
      next(error);
      return;
    }
    response.status(problem.status).type('application/problem+json').send(JSON.stringify(problem));
  };
}

import { type CsrfOptions, CsrfProtection } from '@redis-functions/session';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { EXPRESS } from '../session/platform.js';

declare global {
  namespace Express {
    interface Request {
      /**
       * Set by `csrf()` with a `tokenSecret`: a token for forms and scripts of a page, and the cookie that goes with it.
       *
       * @throws RedisFunctionsError `CSRF_WITHOUT_SECRET`; UnavailableError.
       */
      csrfToken(): Promise<string>;
    }
  }
}

/**
 * Refuses requests that another site had the visitor's browser send (403, `CsrfError`): by `Sec-Fetch-Site`, else by
 * `Origin` or `Referer`, else by a token. GET, HEAD and OPTIONS pass. After `session()`, where there are sessions.
 *
 * Source: OWASP CSRF Prevention Cheat Sheet.
 *
 * @throws InvalidArgumentError that names the option.
 */
export function csrf(options: CsrfOptions = {}): RequestHandler {
  const protection = new CsrfProtection(EXPRESS, options);

  return async function csrfMiddleware(request: Request, response: Response, next: NextFunction): Promise<void> {
    request.csrfToken = () => protection.token(request, response, request.session);
    try {
      await protection.check(request, response, request.session);
    } catch (error) {
      next(EXPRESS.toError(error, response));
      return;
    }
    next();
  };
}

import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { SessionCookie } from './cookie.js';
import { resolveOptions, type SessionOptions } from './options.js';
import { RequestSession } from './request-session.js';

declare global {
  namespace Express {
    interface Request {
      /** Set by `session()`. */
      session: RequestSession;
    }
  }
}

/**
 * Gives every request a `session` that is asked for when it is needed: a route that never looks costs nothing.
 *
 * @throws InvalidArgumentError that names the option.
 */
export function session(options: SessionOptions): RequestHandler {
  const config = resolveOptions(options);
  return function sessionMiddleware(request: Request, response: Response, next: NextFunction): void {
    const cookie = new SessionCookie(request, response, config);
    request.session = new RequestSession(config.service, cookie, () => deviceOf(request), config);
    next();
  };
}

function deviceOf({ ip, headers }: Request) {
  const userAgent = headers['user-agent'];
  return { ...(ip !== undefined && { ip }), ...(userAgent !== undefined && { userAgent }) };
}

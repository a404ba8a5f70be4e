import type { SessionService } from '@redis-functions/session';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
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

export interface SessionMiddleware extends RequestHandler {
  /** For what is not about the visitor of one request: device lists, revocation, jobs. */
  readonly service: SessionService;
  /** Closes the connection where this middleware opened it. */
  close(): Promise<void>;
}

/**
 * Gives every request a `session` that is asked for when it is needed: a route that never looks costs nothing.
 *
 * Without options: on REDIS_URL or redis://localhost:6379. In production a routing key must be given, as `routingKey` or
 * in SESSION_ROUTING_KEY.
 *
 * @throws InvalidArgumentError that names the option.
 */
export function session(options: SessionOptions = {}): SessionMiddleware {
  const config = resolveOptions(options);

  function sessionMiddleware(request: Request, response: Response, next: NextFunction): void {
    request.session = new RequestSession(request, response, next, config);
    next();
  }

  return Object.assign(sessionMiddleware, { service: config.service, close: config.close });
}

import { HttpSessions, RequestSession, SessionError, type SessionService } from '@redis-functions/session';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { openService, type SessionOptions } from './options.js';
import { EXPRESS } from './platform.js';

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
export function session({ cookie, onUnavailable, ...options }: SessionOptions = {}): SessionMiddleware {
  const { service, close } = openService(options);
  const sessions = new HttpSessions(service, EXPRESS, {
    ...(cookie !== undefined && { cookie }),
    ...(onUnavailable !== undefined && { onUnavailable }),
  });

  function sessionMiddleware(request: Request, response: Response, next: NextFunction): void {
    if (request.session === undefined) request.session = sessions.of(request, response, next);
    // one that was given twice, for the whole application and for a router, must not hold the response back twice
    else if (!(request.session instanceof RequestSession)) {
      next(new SessionError('SESSION_TAKEN', 'Another middleware has set request.session. Take one of them out.'));
      return;
    }
    next();
  }

  return Object.assign(sessionMiddleware, { service, close });
}

/** For routes that pages ask by themselves, such as polling: a session does not live longer for them. */
export function noTouch(request: Request, _response: Response, next: NextFunction): void {
  request.session.noTouch();
  next();
}

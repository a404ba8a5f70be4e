import type { IncomingMessage } from 'node:http';
import { type HttpPlatform, toSessionProblem } from '@redis-functions/session';
import type { Request } from 'express';

/** What Express knows of a request, by its "trust proxy". */
export const EXPRESS: HttpPlatform = {
  isSecure: (request) => ofExpress(request).secure,
  hostOf: (request) => forwardedHost(ofExpress(request)),
  addressOf: (request) => ofExpress(request).ip,
  trustsProxy: (request) => Boolean(ofExpress(request).app?.get('trust proxy')),
  // Express answers with the `status` and `headers` that an error has, where no handler of the application does
  toError(error) {
    const problem = toSessionProblem(error);
    if (!problem) return error;
    return Object.assign(error as Error, { status: problem.status, headers: problem.headers });
  },
};

function ofExpress(request: IncomingMessage): Request {
  return request as Request;
}

/** Express 5 says the port with it; Express 4 does not. */
function forwardedHost(request: Request): string | undefined {
  const forwarded = request.get('x-forwarded-host');
  const trust: unknown = request.app?.get('trust proxy fn');
  const isTrusted = typeof trust === 'function' && trust(request.socket.remoteAddress, 0);
  return forwarded !== undefined && isTrusted ? forwarded.split(',')[0]?.trim() : request.headers.host;
}

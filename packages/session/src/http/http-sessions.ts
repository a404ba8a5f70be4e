import type { IncomingMessage, ServerResponse } from 'node:http';
import type { SessionService } from '../session-service.js';
import { type HttpSessionOptions, resolveHttpOptions } from './options.js';
import type { HttpPlatform } from './platform.js';
import { RequestSession, type Sessions } from './request-session.js';
import { readSessionToken } from './session-cookie.js';

/** Sessions of HTTP requests, whatever the framework: what `session()` for Express and the module for NestJS are made of. */
export class HttpSessions {
  readonly #each: Sessions;

  /** @throws InvalidArgumentError that names the option. */
  constructor(service: SessionService, platform: HttpPlatform, options: HttpSessionOptions = {}) {
    this.#each = { service, platform, config: resolveHttpOptions(options) };
  }

  /**
   * The session of a request. Nothing is asked of Redis, and nothing of the response is changed, until something is asked
   * of the session.
   *
   * @param failed Told what kept an answer back that had been given already: nothing of it has been sent.
   */
  of(request: IncomingMessage, response: ServerResponse, failed: (error: unknown) => void): RequestSession {
    return new RequestSession(request, response, this.#each, failed);
  }

  /** The token of a request that gets no response of ours, such as one that opens a WebSocket. */
  tokenOf(request: IncomingMessage): string | undefined {
    const { config, platform } = this.#each;
    return readSessionToken(request, config.cookie, platform).token;
  }
}

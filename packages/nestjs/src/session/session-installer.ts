import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import { Inject, Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { CsrfProtection, HttpSessions, type RequestSession, SessionService } from '@redis-functions/session';
import type { RedisFunctionsModuleOptions } from '../module/options.js';
import { MODULE_OPTIONS_TOKEN } from '../module/redis-functions.module-definition.js';
import { csrfOptions, httpOptions } from './options.js';
import { knowAs, NEST } from './platform.js';
import { SessionException, toException } from './session.exception.js';

interface WithSession {
  session?: RequestSession;
}

/** The parts of Fastify that are needed. */
interface Fastify {
  addHook(
    name: 'onRequest',
    hook: (request: FastifyRequest, reply: { readonly raw: ServerResponse }) => Promise<void>,
  ): unknown;
}
interface FastifyRequest extends WithSession {
  readonly raw: NodeRequest;
}
type NodeRequest = IncomingMessage & WithSession;

type Next = (error?: unknown) => void;

/**
 * Gives every request its session: before guards, and before what applications put in front of their routes by
 * `configure()`. What they gave to `app.use()` comes earlier.
 */
@Injectable()
export class SessionInstaller {
  readonly #sessions: HttpSessions | undefined;
  readonly #csrf: CsrfProtection | undefined;

  constructor(
    @Inject(MODULE_OPTIONS_TOKEN) { session }: RedisFunctionsModuleOptions,
    @Inject(SessionService) service: SessionService,
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
  ) {
    if (!session) return;
    this.#sessions = new HttpSessions(service, NEST, httpOptions(session));
    const csrf = csrfOptions(session);
    if (csrf) this.#csrf = new CsrfProtection(NEST, csrf);
  }

  install(): void {
    const adapter = this.host.httpAdapter;
    if (!this.#sessions) return;
    if (adapter.getType() !== 'fastify') {
      adapter.use(this.#forExpress(this.#sessions));
      return;
    }
    // for middleware, which is given Node's request, and comes before the hooks
    const given = giveSession(this.#sessions);
    adapter.use((raw: NodeRequest, response: ServerResponse, next: Next) => {
      given(raw, response);
      next();
    });
    adapter.getInstance<Fastify>().addHook('onRequest', async (request, { raw: response }) => {
      const { raw } = request;
      // it opens a WebSocket: its session is that of a socket, which looks at who opened it
      if (raw.headers.upgrade?.toLowerCase() === 'websocket') return;
      knowAs(raw, request);
      request.session = given(raw, response);
      await this.#csrf?.check(raw, response, request.session).catch((error) => {
        throw toException(error, response);
      });
    });
  }

  #forExpress(sessions: HttpSessions) {
    return (request: NodeRequest, response: ServerResponse, next: Next): void => {
      request.session ??= sessions.of(request, response, next);
      if (!this.#csrf) {
        next();
        return;
      }
      this.#csrf.check(request, response, request.session).then(
        () => next(),
        (error) => next(toException(error, response)),
      );
    };
  }
}

function giveSession(sessions: HttpSessions) {
  return (raw: NodeRequest, response: ServerResponse): RequestSession => {
    raw.session ??= sessions.of(raw, response, (error) => answer(response, error));
    return raw.session;
  };
}

/** Fastify has sent its answer already, as far as it knows. */
function answer(response: ServerResponse, error: unknown): void {
  const known =
    error instanceof SessionException ? error.getResponse() : { statusCode: 500, message: STATUS_CODES[500] };
  const body = JSON.stringify(known);
  response.statusCode = (known as { statusCode: number }).statusCode;
  response.setHeader('Content-Type', 'application/json; charset=utf-8');
  response.setHeader('Content-Length', Buffer.byteLength(body));
  response.end(body);
}

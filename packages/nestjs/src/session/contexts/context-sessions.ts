import type { ExecutionContext } from '@nestjs/common';
import { Inject, Injectable } from '@nestjs/common';
import { RedisFunctionsError } from '@redis-functions/core';
import type { RequestSession } from '@redis-functions/session';
import type { RedisFunctionsModuleOptions } from '../../module/options.js';
import { MODULE_OPTIONS_TOKEN } from '../../module/redis-functions.module-definition.js';
import { isRequest } from '../sockets/clients.js';
import { SessionSockets } from '../sockets/session-sockets.js';
import type { SocketSession } from '../sockets/socket-session.js';
import { graphqlRequests } from './graphql-requests.js';

/** Whose session a call has, whatever protocol it came by. */
export type VisitorSession = RequestSession | SocketSession;

@Injectable()
export class ContextSessions {
  constructor(
    @Inject(MODULE_OPTIONS_TOKEN) private readonly options: RedisFunctionsModuleOptions,
    @Inject(SessionSockets) private readonly sockets: SessionSockets,
  ) {}

  /** @throws RedisFunctionsError `NOT_CONFIGURED`, `NO_SESSION_HERE` for calls that have no visitor. */
  async of(context: ExecutionContext): Promise<VisitorSession> {
    if (!this.options.session) {
      throw new RedisFunctionsError(
        'NOT_CONFIGURED',
        'A session is asked for, and RedisFunctionsModule has no options for it. Give "session" to forRoot or forRootAsync.',
      );
    }
    const session = await this.#find(context);
    if (session) return session;
    throw new RedisFunctionsError(
      'NO_SESSION_HERE',
      `${context.getClass().name}.${context.getHandler().name} is called by ${context.getType()} without a request that has a session. ` +
        'Ask for sessions in HTTP, GraphQL and WebSocket handlers, and give GraphQL its request: context: ({ req }) => ({ req }).',
    );
  }

  #ofHttp(request: unknown): VisitorSession | undefined {
    // one that asked for an upgrade, and reached a route all the same
    return sessionOf(request) ?? (isRequest(request) ? this.sockets.ofRequest(request) : undefined);
  }

  #find(context: ExecutionContext): Promise<VisitorSession> | VisitorSession | undefined {
    const type: string = context.getType();
    if (type === 'http') return this.#ofHttp(context.switchToHttp().getRequest());
    if (type === 'ws') return this.sockets.of(context.switchToWs().getClient<object>());
    if (type !== 'graphql') return undefined;
    const requests = graphqlRequests(context);
    for (const request of requests) {
      const session = sessionOf(request);
      if (session) return session;
    }
    // a subscription: what opened it was no request to a route
    const upgrade = requests.find(isRequest);
    return upgrade && this.sockets.ofRequest(upgrade);
  }
}

function sessionOf(request: unknown): RequestSession | undefined {
  return (request as { session?: RequestSession } | null | undefined)?.session;
}

import type { IncomingMessage } from 'node:http';
import { Inject, Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService, HttpAdapterHost } from '@nestjs/core';
import { InvalidArgumentError } from '@redis-functions/core';
import { CsrfProtection, HttpSessions, type SessionEvent, SessionService } from '@redis-functions/session';
import type { RedisFunctionsModuleOptions } from '../../module/options.js';
import { MODULE_OPTIONS_TOKEN } from '../../module/redis-functions.module-definition.js';
import { toGatewayException } from '../contexts/refusal.js';
import { csrfOptions, httpOptions } from '../options.js';
import { knowUpgrade, NEST } from '../platform.js';
import { toException } from '../session.exception.js';
import { closeClient, isRequest, onClosed, rememberUpgrade, requestOf, type SocketClient } from './clients.js';
import { SocketSession } from './socket-session.js';

const CHECK_MS = 10_000;
/** The metadata by which Nest knows its gateways. */
const GATEWAY = 'websockets:is_gateway';

interface OpenSocket {
  readonly client: SocketClient;
  readonly session: SocketSession;
}

/** Sessions of sockets, and sockets of sessions: a socket whose session is over is closed. */
@Injectable()
export class SessionSockets implements OnModuleInit, OnApplicationShutdown {
  readonly #logger = new Logger('SessionSockets');
  readonly #http: HttpSessions | undefined;
  readonly #csrf: CsrfProtection | undefined;
  readonly #checkMs: number;
  readonly #sessions = new WeakMap<object, Promise<SocketSession>>();
  readonly #open = new Map<string, Set<OpenSocket>>();
  #timer: NodeJS.Timeout | undefined;

  constructor(
    @Inject(MODULE_OPTIONS_TOKEN) { session }: RedisFunctionsModuleOptions,
    @Inject(SessionService) private readonly service: SessionService,
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
    @Inject(DiscoveryService) private readonly discovery: DiscoveryService,
  ) {
    const { socketCheckMs = CHECK_MS } = session ?? {};
    if (!Number.isInteger(socketCheckMs) || socketCheckMs < 1 || socketCheckMs > 2_147_483_647) {
      throw new InvalidArgumentError('session.socketCheckMs', 'session.socketCheckMs is no time. Give ms, from 1.');
    }
    this.#checkMs = socketCheckMs;
    if (!session) return;
    this.#http = new HttpSessions(service, NEST, httpOptions(session));
    this.#csrf = new CsrfProtection(NEST, csrfOptions(session));
    for (const event of ['destroyed', 'evicted', 'expired'] as const) {
      service.on(event, ({ handle }: SessionEvent) => this.#close(handle));
    }
  }

  onModuleInit(): void {
    const server: unknown = this.host.httpAdapter?.getHttpServer();
    if (!this.#http || !this.#hasGateways()) return;
    // first, because ws answers within its own listener; where nobody else listens, Node would leave the sockets open
    (server as { prependListener(name: string, listener: unknown): void }).prependListener('upgrade', rememberUpgrade);
  }

  onApplicationShutdown(): void {
    clearInterval(this.#timer);
  }

  /**
   * The session of a socket, which from now on is closed when its session is over. Guards and decorators ask for it at the
   * first message; call it in `handleConnection` for sockets that only listen, and, for ws on a port of its own, with the
   * request that is the second argument there.
   */
  of(client: object, request: IncomingMessage | undefined = requestOf(client)): Promise<SocketSession> {
    const known = this.#sessions.get(client);
    if (known !== undefined) return known;
    const session = this.#begin(client, request);
    this.#sessions.set(client, session);
    // what failed is tried again at the next message
    session.catch(() => this.#sessions.delete(client));
    return session;
  }

  /** The session of a connection that is no socket of a gateway, such as one of graphql-ws; it is not closed. */
  ofRequest(request: IncomingMessage): SocketSession {
    return this.#of(request, toException);
  }

  #of(request: IncomingMessage, toError: (error: unknown) => unknown): SocketSession {
    knowUpgrade(request, this.host.httpAdapter);
    // cross-site WebSocket hijacking: the browser sends the visitor's cookie whoever opens the socket
    const token = this.#csrf?.isOfOtherSite(request) ? undefined : this.#http?.tokenOf(request);
    return new SocketSession(this.service, token, toError);
  }

  async #begin(client: SocketClient, request: IncomingMessage | undefined): Promise<SocketSession> {
    if (!isRequest(request)) {
      this.#logger.warn(
        'A socket has no session, because its request is not known. Call SessionSockets.of(client, request) in handleConnection.',
      );
      return new SocketSession(this.service, undefined, toGatewayException);
    }
    const session = this.#of(request, toGatewayException);
    const found = await session.peek();
    if (found) this.#watch(found.handle, { client, session });
    return session;
  }

  #watch(handle: string, socket: OpenSocket): void {
    const sockets = this.#open.get(handle) ?? new Set();
    this.#open.set(handle, sockets.add(socket));
    onClosed(socket.client, () => {
      sockets.delete(socket);
      if (sockets.size === 0 && this.#open.get(handle) === sockets) this.#open.delete(handle);
    });
    this.#timer ??= setInterval(() => void this.#check(), this.#checkMs).unref();
  }

  #close(handle: string): void {
    const sockets = this.#open.get(handle);
    this.#open.delete(handle);
    for (const { client } of sockets ?? []) closeClient(client);
  }

  /** What another process ended. Nobody is sent away because Redis does not answer. */
  async #check(): Promise<void> {
    const sockets = [...this.#open].flatMap(([handle, open]) => [...open].map((socket) => ({ handle, ...socket })));
    await Promise.all(
      sockets.map(async ({ handle, session }) => {
        if ((await session.peek().catch(() => undefined)) === null) this.#close(handle);
      }),
    );
  }

  #hasGateways(): boolean {
    return this.discovery.getProviders().some(({ metatype }) => metatype && Reflect.hasMetadata(GATEWAY, metatype));
  }
}

import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { Controller, type ExecutionContext, type INestApplication, Param, Post, UseGuards } from '@nestjs/common';
import { GraphQLModule, Mutation, Query, Resolver, Subscription } from '@nestjs/graphql';
import { MercuriusDriver, type MercuriusDriverConfig } from '@nestjs/mercurius';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WsAdapter } from '@nestjs/platform-ws';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { RedisFunctions } from '@redis-functions/core';
import { type RequestSession, SessionService } from '@redis-functions/session';
import { createClient as createSubscriber } from 'graphql-ws';
import { io } from 'socket.io-client';
import request from 'supertest';
import { WebSocket } from 'ws';
import {
  CurrentSession,
  RequireFreshSession,
  SessionGuard,
  SessionHandle,
  type SessionModuleOptions,
  SessionUser,
  SessionValue,
  type SocketSession,
} from '../src/index.js';
import { LimitedApps, type Platform, until } from './limited-apps.js';

const routingKey = 'a routing key of the tests, 32 characters or more';
const apps = new LimitedApps();
beforeAll(() => apps.open());
afterEach(() => apps.closeAll());
afterAll(() => apps.stop());

const portOf = (app: INestApplication) => (app.getHttpServer().address() as AddressInfo).port;
const sessionOptions = (options: Partial<SessionModuleOptions> = {}) => ({
  session: { routingKey, deadlineMs: 5_000, ...options },
});

@Controller()
class LoginController {
  @Post('login/:user')
  async login(@Param('user') user: string, @CurrentSession() session: RequestSession) {
    return (await session.login(user, { theme: 'dark' })).handle;
  }

  @Post('rotate')
  rotate(@CurrentSession() session: RequestSession) {
    return session.rotate();
  }

  @Post('logout')
  logout(@CurrentSession() session: RequestSession) {
    return session.logout();
  }
}

async function loggedIn(app: INestApplication, user = 'ada'): Promise<string> {
  const response = await request(app.getHttpServer()).post(`/login/${user}`).expect(201);
  return response.get('Set-Cookie')?.[0]?.split(';')[0] as string;
}

describe.each<[string, Platform, object]>([
  ['Apollo on Express', 'express', { driver: ApolloDriver, subscriptions: { 'graphql-ws': true } }],
  ['Mercurius on Fastify', 'fastify', { driver: MercuriusDriver, subscription: true }],
])('sessions in GraphQL by %s', (_name, platform, driver) => {
  @Resolver()
  class AccountResolver {
    @Query(() => String)
    @UseGuards(SessionGuard)
    me(@SessionUser() user: string, @SessionHandle() handle: string, @SessionValue('theme') theme: string) {
      return `${user} ${handle.length} ${theme}`;
    }

    @Query(() => String, { nullable: true })
    whoever(@SessionUser() user: string | null) {
      return user;
    }

    @Mutation(() => Boolean)
    @RequireFreshSession('5m')
    async paint(@CurrentSession() session: RequestSession) {
      await session.set({ theme: 'light' });
      return true;
    }

    @Subscription(() => String)
    @UseGuards(SessionGuard)
    async *named(@SessionUser() user: string) {
      yield { named: user };
    }
  }

  it('are those of the request, for fields, mutations and subscriptions', async () => {
    const app = await apps.start({
      platform,
      imports: [
        GraphQLModule.forRoot({ autoSchemaFile: true, ...driver } as ApolloDriverConfig & MercuriusDriverConfig),
      ],
      controllers: [LoginController],
      providers: [AccountResolver],
      options: sessionOptions(),
    });
    await app.listen(0, '127.0.0.1');
    const cookie = await loggedIn(app);
    const ask = (query: string, sent = cookie) =>
      request(app.getHttpServer()).post('/graphql').set('Cookie', sent).send({ query });
    expect((await ask('{ me whoever }')).body).toEqual({ data: { me: 'ada 22 dark', whoever: 'ada' } });
    expect((await ask('mutation { paint }')).body).toEqual({ data: { paint: true } });
    expect((await ask('{ me }')).body).toEqual({ data: { me: 'ada 22 light' } });
    const refused = (await ask('{ me whoever }', 'id=junk')).body;
    expect(refused.errors).toHaveLength(1);
    expect(refused.errors[0].message).toBe('Log in first.');
    expect((await ask('{ whoever }', 'id=junk')).body).toEqual({ data: { whoever: null } });

    const subscribe = async (headers: Record<string, string>) => {
      class Socket extends WebSocket {
        constructor(url: string, protocols: string[]) {
          super(url, protocols, { headers });
        }
      }
      const client = createSubscriber({ url: `ws://127.0.0.1:${portOf(app)}/graphql`, webSocketImpl: Socket });
      const results: unknown[] = [];
      try {
        for await (const result of client.iterate({ query: 'subscription { named }' })) results.push(result);
      } catch (errors) {
        // Mercurius refuses the operation where Apollo answers it with errors
        results.push({ errors });
      }
      await client.dispose();
      return results;
    };
    expect(await subscribe({ cookie })).toEqual([{ data: { named: 'ada' } }]);
    const [without] = (await subscribe({})) as { errors: { message: string }[] }[];
    expect(without?.errors[0]?.message).toBe('Log in first.');
    // cross-site WebSocket hijacking
    const [hijacked] = (await subscribe({ cookie, origin: 'https://evil.example' })) as { errors: object[] }[];
    expect(hijacked?.errors).toHaveLength(1);
  });
});

interface Client {
  ask(message: string): Promise<unknown>;
  readonly closed: Promise<unknown>;
  readonly isClosed: boolean;
  close(): void;
}

async function openWs(port: number, headers: Record<string, string>): Promise<Client> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}`, { headers });
  await once(socket, 'open');
  const closed = once(socket, 'close');
  return {
    closed: closed.then(([code]) => code),
    get isClosed() {
      return socket.readyState === WebSocket.CLOSED;
    },
    close: () => socket.close(),
    async ask(event) {
      socket.send(JSON.stringify({ event }));
      const [text] = await once(socket, 'message');
      const { data, event: answer } = JSON.parse(String(text));
      return answer === 'exception' ? { refused: (data ?? JSON.parse(String(text))).code } : data;
    },
  };
}

async function openSocketIo(port: number, headers: Record<string, string>): Promise<Client> {
  const socket = io(`http://127.0.0.1:${port}`, { transports: ['websocket'], extraHeaders: headers, forceNew: true });
  await new Promise<void>((resolve) => socket.on('connect', resolve));
  const closed = new Promise((resolve) => socket.on('disconnect', resolve));
  return {
    closed,
    get isClosed() {
      return !socket.connected;
    },
    close: () => void socket.close(),
    ask: (event) =>
      new Promise((resolve) => {
        socket.once('exception', ({ code }) => resolve({ refused: code }));
        socket.emit(event, null, (answer: unknown) => {
          socket.off('exception');
          resolve(answer);
        });
      }),
  };
}

describe.each([
  ['ws', 'express'],
  ['socket.io', 'express'],
  ['ws', 'fastify'],
] as const)('sessions of sockets by %s on %s', (library, platform) => {
  @WebSocketGateway()
  class AccountGateway {
    @SubscribeMessage('me')
    @UseGuards(SessionGuard)
    me(@SessionUser() user: string, @SessionValue('theme') theme: string) {
      const data = `${user} ${theme}`;
      return library === 'ws' ? { event: 'me', data } : data;
    }

    @SubscribeMessage('count')
    async count(@CurrentSession() session: SocketSession) {
      const data = await session.increment('count');
      return library === 'ws' ? { event: 'count', data } : data;
    }
  }

  const start = async (options: Partial<SessionModuleOptions> = {}) => {
    const app = await apps.start({
      platform,
      controllers: [LoginController],
      providers: [AccountGateway],
      prepare: (made) => made.useWebSocketAdapter(library === 'ws' ? new WsAdapter(made) : new IoAdapter(made)),
      options: sessionOptions(options),
    });
    await app.listen(0, '127.0.0.1');
    const open = (headers: Record<string, string>) =>
      library === 'ws' ? openWs(portOf(app), headers) : openSocketIo(portOf(app), headers);
    return { app, open };
  };

  it('are those of the cookie that they were opened with, and close with them', async () => {
    const { app, open } = await start();
    const cookie = await loggedIn(app);
    const other = await loggedIn(app, 'bob');
    const [client, second, bystander, stranger] = await Promise.all([
      open({ cookie }),
      open({ cookie }),
      open({ cookie: other }),
      open({}),
    ]);
    for (const each of [client, second]) expect(await each.ask('me')).toBe('ada dark');
    expect(await bystander.ask('me')).toBe('bob dark');
    expect(await client.ask('count')).toBe(1);
    expect(await second.ask('count')).toBe(2);
    expect(await stranger.ask('me')).toEqual({ refused: 'NOT_LOGGED_IN' });
    await request(app.getHttpServer()).post('/logout').set('Cookie', cookie).expect(201, 'true');
    const codes = await Promise.all([client.closed, second.closed]);
    expect(codes).toEqual(library === 'ws' ? [4401, 4401] : ['io server disconnect', 'io server disconnect']);
    expect(await bystander.ask('me')).toBe('bob dark');
    expect([bystander.isClosed, stranger.isClosed]).toEqual([false, false]);
    bystander.close();
    stranger.close();
  });

  it('have none where a page of another site opened them', async () => {
    const { app, open } = await start();
    const cookie = await loggedIn(app);
    const hijacked = await open({ cookie, origin: 'https://evil.example' });
    expect(await hijacked.ask('me')).toEqual({ refused: 'NOT_LOGGED_IN' });
    hijacked.close();
    const own = await open({ cookie, origin: `http://127.0.0.1:${portOf(app)}` });
    expect(await own.ask('me')).toBe('ada dark');
    own.close();
  });

  it('stay open when the session is given another token, and close when another process ends it', async () => {
    const { app, open } = await start({ socketCheckMs: 50 });
    const cookie = await loggedIn(app);
    const client = await open({ cookie });
    expect(await client.ask('me')).toBe('ada dark');
    const rotated = await request(app.getHttpServer()).post('/rotate').set('Cookie', cookie).expect(201, 'true');
    expect(rotated.headers['set-cookie']).toBeDefined();
    expect(await client.ask('me')).toBe('ada dark');
    const elsewhere = new RedisFunctions({ url: apps.redis.url });
    await new SessionService({ functions: elsewhere, routingKey }).revokeAll('ada');
    await client.closed;
    await elsewhere.close();
  });

  it('stay open while Redis is away', async () => {
    const { app, open } = await start({ socketCheckMs: 20, deadlineMs: 100 });
    const client = await open({ cookie: await loggedIn(app) });
    expect(await client.ask('me')).toBe('ada dark');
    apps.redis.pause();
    try {
      expect(await client.ask('me')).toEqual({ refused: 'DEADLINE_EXCEEDED' });
    } finally {
      apps.redis.resume();
    }
    await until(async () => (await client.ask('me')) === 'ada dark');
    expect(client.isClosed).toBe(false);
    client.close();
  });
});

describe('a call that has no visitor', () => {
  it('is told so', async () => {
    class Worker {
      work(@SessionUser() user: string) {
        return user;
      }
    }
    const app = await apps.start({ providers: [Worker], options: sessionOptions() });
    const worker = app.get(Worker);
    const guard = app.get(SessionGuard);
    const context = {
      getType: () => 'rpc',
      getClass: () => Worker,
      getHandler: () => worker.work,
      getArgs: () => [],
    } as unknown as ExecutionContext;
    await expect(guard.canActivate(context)).rejects.toMatchObject({
      code: 'NO_SESSION_HERE',
      message: expect.stringContaining('Worker.work is called by rpc'),
    });
  });
});

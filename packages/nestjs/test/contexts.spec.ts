import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { Controller, type ExecutionContext, type INestApplication, Injectable } from '@nestjs/common';
import { APP_GUARD, ExternalContextCreator } from '@nestjs/core';
import { Args, GraphQLModule, Int, Mutation, Query, Resolver, Subscription } from '@nestjs/graphql';
import { MercuriusDriver, type MercuriusDriverConfig } from '@nestjs/mercurius';
import {
  type ClientProxy,
  ClientProxyFactory,
  EventPattern,
  MessagePattern,
  Payload,
  Transport,
} from '@nestjs/microservices';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WsAdapter } from '@nestjs/platform-ws';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { createClient as createSubscriber } from 'graphql-ws';
import { concat, firstValueFrom, lastValueFrom, NEVER, of, Subject, takeUntil } from 'rxjs';
import { io } from 'socket.io-client';
import request from 'supertest';
import { WebSocket } from 'ws';
import { RateLimited, RateLimitedException, RateLimitGuard, RateLimitKey } from '../src/index.js';
import { LimitedApps, type Platform, until } from './limited-apps.js';

const apps = new LimitedApps();
beforeAll(() => apps.open());
afterEach(() => apps.closeAll());
afterAll(() => apps.stop());

const portOf = (app: INestApplication) => (app.getHttpServer().address() as AddressInfo).port;
const globalGuard = { provide: APP_GUARD, useExisting: RateLimitGuard };

describe.each<[string, Platform, object]>([
  ['Apollo on Express', 'express', { driver: ApolloDriver, subscriptions: { 'graphql-ws': true } }],
  [
    'Apollo that is given no response',
    'express',
    { driver: ApolloDriver, subscriptions: { 'graphql-ws': true }, context: () => ({ req: { ip: '192.0.2.1' } }) },
  ],
  ['Mercurius on Fastify', 'fastify', { driver: MercuriusDriver, subscription: true }],
])('GraphQL by %s', (name, platform, driver) => {
  let ends: Subject<void>;

  async function* countTo(count: number) {
    for (let value = 1; value <= count; value++) yield { counted: value };
    await new Promise<void>((resolve) => ends.subscribe({ complete: resolve }));
  }

  @Resolver()
  class NumbersResolver {
    @Query(() => Int)
    @RateLimited({ limit: 2, window: '1h' })
    dear() {
      return 1;
    }

    @Query(() => Int)
    free() {
      return 2;
    }

    @Mutation(() => Int)
    @RateLimited('writes')
    write(@Args('units', { type: () => Int }) units: number) {
      return units;
    }

    @Mutation(() => Int)
    @RateLimited('writes')
    writeAgain() {
      return 0;
    }

    @Query(() => Int)
    @RateLimited({ limit: 1, window: '1h', algorithm: 'concurrency' })
    async slow() {
      await firstValueFrom(ends, { defaultValue: 0 });
      return 3;
    }

    @Subscription(() => Int)
    @RateLimited({ limit: 1, window: '1h', algorithm: 'concurrency' })
    counted() {
      return countTo(2);
    }
  }

  async function start(providers: object[] = []) {
    ends = new Subject();
    const policies = { writes: { limit: 5, window: '1h', cost: costOf } };
    const app = await apps.start({
      platform,
      imports: [
        GraphQLModule.forRoot({ autoSchemaFile: true, ...driver } as ApolloDriverConfig & MercuriusDriverConfig),
      ],
      providers: [NumbersResolver, ...(providers as never[])],
      options: { rateLimit: { policies } },
    });
    await app.listen(0, '127.0.0.1');
    const http = request(app.getHttpServer());
    const ask = (query: string) => http.post('/graphql').send({ query });
    return { app, ask };
  }

  const costOf = (context: ExecutionContext) => context.getArgByIndex(1).units ?? 1;

  it('counts each limited field, and refuses it alone', async () => {
    const { ask } = await start();
    const first = await ask('{ a: dear free }').expect(200);
    expect(first.body).toEqual({ data: { a: 1, free: 2 } });
    if (!name.includes('no response')) {
      expect(first.headers).toMatchObject({ ratelimit: '"1h";r=1;t=1800', 'ratelimit-policy': '"1h";q=2;w=3600' });
    }
    const second = await ask('{ b: dear c: dear free }');
    const [error, ...others] = second.body.errors;
    expect(others).toEqual([]);
    expect(error.message).toMatch(/^Too many requests\. Try again in \d+ seconds\.$/);
    const { policy, retryAfterMs } = error.extensions;
    expect({ policy, isLong: retryAfterMs > 1_700_000 }).toEqual({ policy: '1h', isLong: true });
    if (!name.includes('no response')) {
      expect(second.headers['retry-after']).toBe('1800');
      expect(second.headers.ratelimit).toBe('"1h";r=0;t=1800');
    }
  });

  it('limits mutations, by what their arguments cost', async () => {
    const { ask } = await start();
    expect((await ask('mutation { write(units: 4) }')).body).toEqual({ data: { write: 4 } });
    expect((await ask('mutation { write(units: 2) }')).body.errors[0].extensions.policy).toBe('writes');
    expect((await ask('mutation { writeAgain }')).body).toEqual({ data: { writeAgain: 0 } });
    const never = await ask('mutation { write(units: 6) }');
    expect(never.body.errors[0].message).toBe('This request asks for more than the limit of 5 ever allows.');
    expect(never.headers['retry-after']).toBeUndefined();
  });

  it('charges once, and limits every resolver, where the guard is global', async () => {
    const { ask } = await start([globalGuard]);
    const { body, headers } = await ask('{ dear free }');
    expect(body).toEqual({ data: { dear: 1, free: 2 } });
    if (!name.includes('no response')) {
      const shown = (headers['ratelimit-policy'] ?? '').split(', ').sort();
      expect(shown).toEqual(['"1h";q=2;w=3600', '"default";q=100;w=10']);
      expect(headers.ratelimit).toContain('"1h";r=1;');
    }
  });

  it('holds the lease of a field until it is resolved', async () => {
    const { ask } = await start();
    const both = ask('{ a: slow b: slow }').then(({ body }) => body);
    const isAlone = async () => (await ask('{ slow }')).body.errors?.length === 1;
    await until(isAlone);
    ends.next();
    expect((await both).errors).toHaveLength(1);
    ends.complete();
    await until(async () => (await ask('{ slow }')).body.data?.slow === 3);
  });

  it('limits subscriptions, for as long as they run', async () => {
    const { app } = await start();
    const subscriber = createSubscriber({
      url: `ws://127.0.0.1:${portOf(app)}/graphql`,
      webSocketImpl: WebSocket,
      retryAttempts: 0,
    });
    const query = { query: 'subscription { counted }' };
    const first = subscriber.iterate(query);
    expect((await first.next()).value).toEqual({ data: { counted: 1 } });

    const refusalOf = async () => {
      try {
        const attempt = subscriber.iterate(query);
        const { value } = await attempt.next();
        await attempt.return?.();
        return JSON.stringify(value?.errors);
      } catch (error) {
        return JSON.stringify(error);
      }
    };
    expect(await refusalOf()).toContain('Too many requests');
    expect((await apps.keys()).join()).toContain(name.includes('no response') ? '192.0.2.1' : '127.0.0.1');
    await first.return?.();
    await until(async () => (await refusalOf()) === undefined);
    await subscriber.dispose();
  });
});

describe.each(['ws', 'socket.io'])('WebSocket gateways by %s', (library) => {
  let stop: Subject<void>;

  @WebSocketGateway()
  class RoomGateway {
    @SubscribeMessage('say')
    @RateLimited({ limit: 1, window: '1h' })
    say(_client: unknown, text: string) {
      return { event: 'said', data: text };
    }

    @SubscribeMessage('whisper')
    @RateLimited('room')
    @RateLimitKey((context) => context.switchToWs().getData().room)
    whisper(_client: unknown, { room }: { room: string }) {
      return { event: 'said', data: room };
    }

    @SubscribeMessage('listen')
    @RateLimited({ limit: 1, window: '1h', algorithm: 'concurrency' })
    listen() {
      return concat(of({ event: 'heard', data: 'news' }), NEVER.pipe(takeUntil(stop)));
    }

    @SubscribeMessage('free')
    free() {
      return { event: 'said', data: 'free' };
    }
  }

  async function start(providers: object[] = []) {
    stop = new Subject();
    const app = await apps.start({
      providers: [RoomGateway, ...(providers as never[])],
      options: { rateLimit: { policies: { room: { limit: 1, window: '1h' }, default: { limit: 1, window: '1h' } } } },
      prepare: (app) => app.useWebSocketAdapter(library === 'ws' ? new WsAdapter(app) : new IoAdapter(app)),
    });
    await app.listen(0, '127.0.0.1');
    return library === 'ws' ? connectByWs(portOf(app)) : connectBySocketIo(portOf(app));
  }

  it('counts by the address of the client, and tells a client that is refused', async () => {
    const client = await start();
    expect(await client.ask('say', 'hello')).toEqual(['said', 'hello']);
    const [event, refusal] = await client.ask('say', 'again');
    expect(event).toBe('exception');
    expect(refusal).toEqual({
      status: 'error',
      message: expect.stringMatching(/^Too many requests\. Try again in \d+ seconds\.$/),
      retryAfterMs: expect.any(Number),
      policy: '1h',
    });
    expect(await client.ask('free', '')).toEqual(['said', 'free']);
    expect(await apps.keys()).toEqual([expect.stringContaining('RoomGateway')]);
    expect((await apps.keys())[0]).toContain('127.0.0.1');
    client.close();
  });

  it('limits every message by the default where its guard is global', async () => {
    const client = await start([globalGuard]);
    expect(await client.ask('free', '')).toEqual(['said', 'free']);
    expect(await client.ask('free', '')).toEqual(['exception', expect.objectContaining({ policy: 'default' })]);
    expect(await client.ask('say', 'hello')).toEqual(['said', 'hello']);
    client.close();
  });

  it('counts by a key of its own', async () => {
    const client = await start([globalGuard]);
    expect(await client.ask('whisper', { room: 'red' })).toEqual(['said', 'red']);
    expect((await client.ask('whisper', { room: 'red' }))[0]).toBe('exception');
    expect(await client.ask('whisper', { room: 'blue' })).toEqual(['said', 'blue']);
    client.close();
  });

  it('holds a lease until the answers of a handler have ended', async () => {
    const client = await start();
    expect((await client.ask('listen', ''))[0]).toBe('heard');
    expect((await client.ask('listen', ''))[0]).toBe('exception');
    stop.next();
    await until(async () => (await client.ask('listen', ''))[0] === 'heard');
    client.close();
  });
});

describe('microservices by TCP', () => {
  const heard: string[] = [];
  let stop: Subject<void>;

  @Controller()
  class SumsController {
    @MessagePattern('sum')
    @RateLimited({ limit: 1, window: '1h' })
    sum(@Payload() { numbers }: { numbers: number[] }) {
      return numbers.reduce((sum, number) => sum + number, 0);
    }

    @MessagePattern({ cmd: 'product' })
    @RateLimited('shared')
    @RateLimitKey((context) => context.switchToRpc().getData().tenant)
    product() {
      return 0;
    }

    @MessagePattern('mean')
    @RateLimited('shared')
    mean() {
      return 1;
    }

    @MessagePattern('median')
    @RateLimited('shared')
    median() {
      return 2;
    }

    @EventPattern('event')
    @RateLimited('shared')
    event(@Payload() text: string) {
      heard.push(text);
    }

    @MessagePattern('stream')
    @RateLimited({ limit: 1, window: '1h', algorithm: 'concurrency' })
    stream() {
      return concat(of(1, 2), NEVER.pipe(takeUntil(stop)));
    }

    @MessagePattern('free')
    free() {
      return 'free';
    }
  }

  const clients: ClientProxy[] = [];

  async function start(providers: object[] = []) {
    stop = new Subject();
    const app = await apps.start({
      controllers: [SumsController],
      providers: providers as never[],
      options: { rateLimit: { policies: { shared: { limit: 1, window: '1h' }, default: { limit: 1, window: '1h' } } } },
    });
    const microservice = app.connectMicroservice(
      { transport: Transport.TCP, options: { host: '127.0.0.1', port: 0 } },
      { inheritAppConfig: true },
    );
    await app.startAllMicroservices();
    const { port } = microservice.unwrap<{ address(): AddressInfo }>().address();
    const client = ClientProxyFactory.create({ transport: Transport.TCP, options: { host: '127.0.0.1', port } });
    clients.push(client);
    return client;
  }
  const answer = (client: ClientProxy, pattern: unknown, data: unknown) =>
    lastValueFrom(client.send(pattern, data)).catch((error) => error);

  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.close()));
  });

  const refused = (policy: string) => ({
    status: 'error',
    message: expect.stringContaining('Too many requests'),
    retryAfterMs: expect.any(Number),
    policy,
  });

  it('counts all callers of a handler together, and tells those that it refuses', async () => {
    const client = await start();
    expect(await answer(client, 'sum', { numbers: [1, 2] })).toBe(3);
    expect(await answer(client, 'sum', { numbers: [1, 2] })).toEqual(refused('1h'));
    expect(await answer(client, 'mean', {})).toBe(1);
    expect(await answer(client, 'mean', {})).toEqual(refused('shared'));
    expect(await answer(client, 'median', {})).toBe(2);
    for (let i = 0; i < 3; i++) expect(await answer(client, 'free', {})).toBe('free');
  });

  it('counts by a key of its own', async () => {
    const client = await start();
    expect(await answer(client, { cmd: 'product' }, { tenant: 'a' })).toBe(0);
    expect(await answer(client, { cmd: 'product' }, { tenant: 'a' })).toEqual(refused('shared'));
    expect(await answer(client, { cmd: 'product' }, { tenant: 'b' })).toBe(0);
  });

  it('does not handle an event that is one too many', async () => {
    const client = await start();
    for (const text of ['first', 'second']) await lastValueFrom(client.emit('event', text), { defaultValue: null });
    await until(() => heard.length > 0);
    expect(await answer(client, 'free', {})).toBe('free');
    expect(heard).toEqual(['first']);
  });

  it('leaves handlers alone that only a global guard would limit: it knows no callers to tell apart', async () => {
    const client = await start([globalGuard]);
    for (let i = 0; i < 3; i++) expect(await answer(client, 'free', {})).toBe('free');
    expect(await answer(client, 'sum', { numbers: [1, 2] })).toBe(3);
    expect(await answer(client, 'sum', { numbers: [1, 2] })).toEqual(refused('1h'));
  });

  it('holds a lease until the stream of a handler has ended', async () => {
    const client = await start();
    const first = () => firstValueFrom(client.send('stream', {})).catch((error) => error);
    expect(await first()).toBe(1);
    expect(await first()).toEqual(refused('1h'));
    stop.next();
    await until(async () => (await first()) === 1);
  });
});

describe('a protocol that Nest does not have', () => {
  @Injectable()
  class Worker {
    @RateLimited({ limit: 1, window: '1h' })
    work() {
      return 'done';
    }

    @RateLimited('shared')
    @RateLimitKey((context) => context.getArgByIndex(0))
    workFor(who: unknown) {
      return who;
    }

    free() {
      return 'free';
    }
  }

  it('is limited where somebody said so, by handler or key, and not by a global guard', async () => {
    const policies = { shared: { limit: 1, window: '1h' }, default: { limit: 1, window: '1h' } };
    const app = await apps.start({ providers: [Worker, globalGuard], options: { rateLimit: { policies } } });
    const worker = app.get(Worker);
    const creator = app.get(ExternalContextCreator);
    const calling = (name: 'work' | 'workFor' | 'free') =>
      creator.create(worker, worker[name], name, undefined, undefined, undefined, undefined, undefined, 'queue');
    const [work, workFor, free] = [calling('work'), calling('workFor'), calling('free')];
    expect(await work()).toBe('done');
    await expect(work()).rejects.toThrow(RateLimitedException);
    expect(await workFor('ada')).toBe('ada');
    await expect(workFor('ada')).rejects.toMatchObject({ decision: { key: 'ada', policy: 'shared' } });
    expect(await workFor('bob')).toBe('bob');
    for (let i = 0; i < 3; i++) expect(await free()).toBe('free');
  });
});

interface Client {
  /** Sends a message and resolves with the next that comes. */
  ask(event: string, data: unknown): Promise<[event: string, data: unknown]>;
  close(): void;
}

async function connectByWs(port: number): Promise<Client> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}`);
  await once(socket, 'open');
  return {
    async ask(event, data) {
      const reply = once(socket, 'message');
      socket.send(JSON.stringify({ event, data }));
      const { event: answer, data: said } = JSON.parse(String((await reply)[0]));
      return [answer, said];
    },
    close: () => socket.terminate(),
  };
}

async function connectBySocketIo(port: number): Promise<Client> {
  const socket = io(`http://127.0.0.1:${port}`, { transports: ['websocket'] });
  await new Promise((resolve) => socket.once('connect', () => resolve(undefined)));
  return {
    ask(event, data) {
      const reply = new Promise<[string, unknown]>((resolve) => {
        socket.once('said', (said) => resolve(['said', said]));
        socket.once('heard', (said) => resolve(['heard', said]));
        socket.once('exception', (said) => resolve(['exception', said]));
      });
      socket.emit(event, data);
      return reply;
    },
    close: () => socket.close(),
  };
}

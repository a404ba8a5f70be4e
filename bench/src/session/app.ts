// An app with one of the kinds of sessions, in a process of its own: app.ts NAME URL.
import type { AddressInfo } from 'node:net';
import fastifyCookie from '@fastify/cookie';
import fastifySession from '@fastify/session';
import { SessionStore, session } from '@redis-functions/express';
import { RedisStore } from 'connect-redis';
import express, { type Express } from 'express';
import expressSession, { type Store } from 'express-session';
import Fastify from 'fastify';
import { createClient } from 'redis';
import { serveApp } from '../harness/app-process.js';

export type AppName =
  | 'bare'
  | 'ours'
  | 'ours, not looked at'
  | 'express-session + SessionStore'
  | 'express-session + connect-redis'
  | 'bare Fastify'
  | '@fastify/session + connect-redis';

const SECRET = 'a secret of the benchmark, 32 characters or more';
/** What a session holds. */
const DATA = { user: 'ada', theme: 'dark', cart: ['a', 'b', 'c'], visits: 7 };

const [name = '', url = ''] = process.argv.slice(2);

const APPS: Readonly<Record<AppName, () => Promise<void>>> = {
  bare: async () => {
    const app = express();
    app.get('/', (_request, response) => void response.send('Hello ada!'));
    listen(app);
  },
  ours: async () => {
    const app = oursWithLogin();
    app.get('/', async (request, response) => {
      response.send(`Hello ${(await request.session.load())?.userId}!`);
    });
    listen(app);
  },
  'ours, not looked at': async () => {
    const app = oursWithLogin();
    app.get('/', (_request, response) => void response.send('Hello ada!'));
    listen(app);
  },
  'express-session + SessionStore': async () => listenExpressSession(new SessionStore({ url })),
  'express-session + connect-redis': async () => listenExpressSession(new RedisStore({ client: await connected() })),
  'bare Fastify': () => listenFastify(false),
  '@fastify/session + connect-redis': () => listenFastify(true),
};

await APPS[name as AppName]();

function oursWithLogin(): Express {
  const app = express();
  const routingKey = 'a routing key of the benchmark, 32 characters or more';
  app.use(session({ url, routingKey }));
  app.get('/login', async (request, response) => {
    await request.session.login('ada', DATA);
    response.end();
  });
  return app;
}

/** As the documentation of connect-redis recommends it. */
function listenExpressSession(store: Store): void {
  const app = express();
  app.use(expressSession({ store, secret: SECRET, resave: false, saveUninitialized: false }));
  const dataOf = (request: object) => (request as { session: Record<string, unknown> }).session;
  app.get('/login', (request, response) => {
    Object.assign(dataOf(request), DATA);
    response.end();
  });
  app.get('/', (request, response) => void response.send(`Hello ${dataOf(request)['user']}!`));
  listen(app);
}

async function listenFastify(withSessions: boolean): Promise<void> {
  const app = Fastify();
  if (withSessions) {
    await app.register(fastifyCookie);
    const store = new RedisStore({ client: await connected() }) as never;
    // its defaults write the whole session at each request; these are what it does at best
    const options = { store, secret: SECRET, saveUninitialized: false, rolling: false, cookie: { secure: false } };
    await app.register(fastifySession as never, options as never);
  }
  const dataOf = (request: object) => (request as { session: Record<string, unknown> }).session;
  app.get('/login', async (request) => {
    Object.assign(dataOf(request), DATA);
    return '';
  });
  app.get('/', async (request) => `Hello ${withSessions ? dataOf(request)['user'] : 'ada'}!`);
  await app.listen({ port: 0, host: '127.0.0.1' });
  app.server.keepAliveTimeout = 120_000;
  serveApp((app.server.address() as AddressInfo).port, () => 0);
}

async function connected() {
  return createClient({ url }).connect();
}

function listen(app: Express): void {
  const server = app.listen(0, '127.0.0.1', () => serveApp((server.address() as AddressInfo).port, () => 0));
  // the load pauses while other apps have their turn
  server.keepAliveTimeout = 120_000;
}

import { once } from 'node:events';
import { Agent, request as httpRequest, type RequestOptions } from 'node:http';
import type { AddressInfo } from 'node:net';
import { RedisFunctions } from '@redis-functions/core';
import { SessionStore, session } from '@redis-functions/express';
import { SessionService, type SessionServiceOptions } from '@redis-functions/session';
import { RedisStore } from 'connect-redis';
import express, { type Express, type Request } from 'express';
import expressSession from 'express-session';
import { createClient } from 'redis';

/** How an application asks for its session. The same application runs behind each door. */
interface Door {
  readonly login: (request: Request, user: string) => Promise<unknown>;
  readonly logout: (request: Request) => Promise<unknown>;
  readonly read: (request: Request) => Promise<Readonly<Record<string, unknown>> | null>;
  readonly write: (request: Request, key: string, value: unknown) => Promise<unknown>;
}

export interface Shop {
  /** A request; `cookie` may hold several. */
  ask(method: string, path: string, cookie?: string): Promise<Answer>;
  close(): Promise<void>;
}

export interface Answer {
  readonly status: number;
  /** What a browser would send from now on; undefined where no cookie was set. */
  readonly cookie: string | undefined;
  readonly body: string;
}

export const DOORS = {
  'session()': startOurs,
  'express-session with SessionStore': (url: string) => startExpressSession(url, 'ours'),
  'express-session with connect-redis': (url: string) => startExpressSession(url, 'connect-redis'),
} as const;

export async function startOurs(url: string, options: Partial<SessionServiceOptions> = {}): Promise<Shop> {
  const functions = new RedisFunctions({ url, deadlineMs: 5_000 });
  const routingKey = 'a routing key of the tests, 32 characters or more';
  const service = new SessionService({ functions, routingKey, ...options });
  const app = express();
  app.use(session({ service }));
  app.post('/revoke-others', async (request, response) => {
    response.json(await request.session.revokeOthers());
  });
  app.post('/rotate', async (request, response) => {
    await request.session.rotate();
    response.end();
  });
  return listen(app, OURS, () => functions.close());
}

const OURS: Door = {
  login: ({ session }, user) => session.login(user),
  logout: ({ session }) => session.logout(),
  read: async ({ session }) => {
    const loaded = await session.load();
    return loaded && { ...loaded.data, user: loaded.userId };
  },
  write: ({ session }, key, value) => session.set({ [key]: value }),
};

async function startExpressSession(url: string, whose: 'ours' | 'connect-redis'): Promise<Shop> {
  const client = createClient({ url });
  client.on('error', () => {});
  await client.connect();
  const app = express();
  app.use(
    expressSession({
      store: whose === 'ours' ? new SessionStore({ client }) : new RedisStore({ client }),
      secret: 'a secret of the tests',
      // as the documentation of connect-redis recommends it
      resave: false,
      saveUninitialized: false,
    }),
  );
  return listen(app, EXPRESS_SESSION, async () => client.destroy());
}

type Data = expressSession.Session & Record<string, unknown>;
const dataOf = (request: Request) => (request as unknown as { session: Data }).session;

const EXPRESS_SESSION: Door = {
  login: (request, user) =>
    new Promise<void>((resolve, reject) => {
      dataOf(request).regenerate((error) => {
        if (error) return reject(error);
        dataOf(request)['user'] = user;
        resolve();
      });
    }),
  logout: (request) =>
    new Promise<void>((resolve, reject) => dataOf(request).destroy((error) => (error ? reject(error) : resolve()))),
  read: async (request) => {
    const { cookie: _, ...data } = dataOf(request);
    return data['user'] === undefined ? null : data;
  },
  write: async (request, key, value) => {
    dataOf(request)[key] = value;
  },
};

/**
 * The application. `?together=N` holds what a request does next until N such requests have read their session, so that
 * they overlap for certain; `?until=NAME` until somebody posts `/open/NAME`.
 */
async function listen(app: Express, door: Door, close: () => Promise<unknown>): Promise<Shop> {
  const gates = new Map<string, { arrived: number; open: () => void; opened: Promise<void> }>();
  const gate = (name: string) => {
    let open = () => {};
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    const found = gates.get(name) ?? { arrived: 0, open, opened };
    gates.set(name, found);
    return found;
  };
  const pass = async ({ query }: Request) => {
    const { together, until } = query;
    if (together !== undefined) {
      const all = gate('together');
      all.arrived += 1;
      if (all.arrived === Number(together)) {
        gates.delete('together');
        all.open();
      }
      await all.opened;
    }
    if (until !== undefined) {
      const held = gate(String(until));
      held.arrived += 1;
      await held.opened;
    }
  };

  app.post('/login/:user', async (request, response) => {
    await door.login(request, request.params.user);
    response.end();
  });
  app.post('/logout', async (request, response) => {
    await door.logout(request);
    response.end();
  });
  app.get('/me', async (request, response) => {
    const found = await door.read(request);
    await pass(request);
    response.json(found);
  });
  app.put('/set/:key', async (request, response) => {
    await door.read(request);
    await pass(request);
    await door.write(request, request.params.key, 1);
    response.end();
  });
  app.post('/open/:gate', (request, response) => {
    gate(request.params.gate).open();
    gates.delete(request.params.gate);
    response.end();
  });
  app.get('/arrived/:gate', (request, response) => void response.json(gate(String(request.params.gate)).arrived));

  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const agent = new Agent({ keepAlive: true, maxSockets: 20 });
  return {
    ask: (method, path, cookie) =>
      ask({ agent, port, method, path, ...(cookie !== undefined && { headers: { cookie } }) }),
    async close() {
      agent.destroy();
      server.closeAllConnections();
      server.close();
      await close();
    },
  };
}

async function ask(options: RequestOptions): Promise<Answer> {
  const sent = httpRequest(options).end();
  const [response] = await once(sent, 'response');
  let body = '';
  for await (const chunk of response) body += chunk;
  const cookies: string[] | undefined = response.headers['set-cookie'];
  return { status: response.statusCode, cookie: cookies?.map((set) => set.split(';')[0]).join('; '), body };
}

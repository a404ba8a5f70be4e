import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { UnavailableError } from '@redis-functions/core';
import express, { type Express, type Response } from 'express';
import request from 'supertest';
import type { RateLimitMiddleware } from '../src/index.js';
import { answeringErrors, eventually, limitedApps } from './limited-apps.js';

describe('after the response', () => {
  const { redis, limited, appWith, warnings } = limitedApps();
  const closers: (() => unknown)[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0)) await close();
  });

  /** Answers with the status that the path names. */
  function statusApp(middleware: RateLimitMiddleware): Express {
    const app = express();
    app.use(middleware);
    app.get('/:status', (req, res) => void res.status(Number(req.params.status)).send('done'));
    return answeringErrors(app);
  }
  const used = async (middleware: RateLimitMiddleware, key = '127.0.0.1') => {
    const { limit, remaining } = await middleware.limiter.peek(key, policiesOf(middleware));
    return limit - remaining;
  };
  const lists = new WeakMap<RateLimitMiddleware, object>();
  const policiesOf = (middleware: RateLimitMiddleware) => lists.get(middleware) ?? {};
  function limitedTo(policy: object, options: object = {}): RateLimitMiddleware {
    const policies = [{ name: 'one', limit: 3, window: '1h', algorithm: 'fixed-window', ...policy }];
    const middleware = limited({ policies, ...options } as never);
    lists.set(middleware, { policies });
    return middleware;
  }
  async function listening(app: Express): Promise<number> {
    const server = app.listen(0);
    closers.push(
      () => server.closeAllConnections(),
      () => server.close(),
    );
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  }
  /** A client that asks and does not wait for the answer. */
  async function askAndLeave(port: number, until: () => Promise<unknown>, path = '/'): Promise<void> {
    const socket = connect(port, '127.0.0.1');
    socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
    await until();
    socket.destroy();
  }

  it('requests that ended well are not counted, where only failures are to be: ten logins with two mistakes', async () => {
    const middleware = limitedTo({}, { skipSuccessfulRequests: true });
    const app = statusApp(middleware);
    for (const status of [200, 200, 401, 302, 204, 200, 401, 200, 304, 200]) {
      await request(app).get(`/${status}`).expect(status);
      await eventually(
        () => used(middleware),
        (count) => count <= 2,
      );
    }
    expect(await used(middleware)).toBe(2);
    await request(app).get('/401').expect(401);
    await request(app).get('/200').expect(429);
    // the refused one was never charged, and nothing is given back for it
    expect(await used(middleware)).toBe(3);
  });

  it('requests that ended badly are not counted, where only successes are to be', async () => {
    const middleware = limitedTo({}, { skipFailedRequests: true });
    const app = statusApp(middleware);
    for (let i = 0; i < 6; i++) {
      await request(app)
        .get(`/${i % 2 ? 500 : 404}`)
        .expect(i % 2 ? 500 : 404);
      await eventually(
        () => used(middleware),
        (count) => count === 0,
      );
    }
    for (let i = 0; i < 3; i++) await request(app).get('/200').expect(200);
    await request(app).get('/200').expect(429);
  });

  it('the application says what a success is', async () => {
    const middleware = limitedTo(
      {},
      {
        skipFailedRequests: true,
        requestWasSuccessful: async (_req: unknown, res: Response) => res.statusCode === 404,
      },
    );
    const app = statusApp(middleware);
    await request(app).get('/404').expect(404);
    await request(app).get('/200').expect(200);
    await eventually(
      () => used(middleware),
      (count) => count === 1,
    );
  });

  it('a client that went away before the answer has failed', async () => {
    const middleware = limitedTo({}, { skipFailedRequests: true });
    const app = express();
    const waiting: Response[] = [];
    app.get('/', middleware, (_req, res) => void waiting.push(res));
    const port = await listening(app);
    await askAndLeave(port, () =>
      eventually(
        () => waiting.length,
        (length) => length === 1,
      ),
    );
    await eventually(
      () => used(middleware),
      (count) => count === 0,
    );
    // an answer to nobody changes nothing any more
    waiting[0]?.send('late');
    expect(await used(middleware)).toBe(0);
  });

  it('what is given back is of the window that it was taken from: a later one does not pay for it', async () => {
    const middleware = limitedTo({ window: '1s', limit: 5 }, { skipSuccessfulRequests: true });
    const app = express();
    const slow: Response[] = [];
    app.get('/slow', middleware, (_req, res) => void slow.push(res));
    app.get('/fails', middleware, (_req, res) => void res.status(400).send());
    const url = `http://127.0.0.1:${await listening(app)}`;
    const settle = jest.spyOn(middleware.limiter, 'settle');
    const answer = request(url).get('/slow').expect(200);
    const answered = answer.then((response) => response.status);
    await eventually(
      () => used(middleware),
      (count) => count === 1,
    );
    await eventually(
      () => used(middleware),
      (count) => count === 0,
    );
    for (let i = 0; i < 2; i++) await request(url).get('/fails').expect(400);
    slow[0]?.send('done');
    expect(await answered).toBe(200);
    const { resetAfterMs } = await middleware.limiter.peek('127.0.0.1', policiesOf(middleware));
    await eventually(
      () => settle.mock.results.length,
      (length) => length === 1,
    );
    await settle.mock.results[0]?.value;
    // unless this machine has slept through that window as well
    if (resetAfterMs > 0) expect([2, 0]).toContain(await used(middleware));
    for (const key of (await redis().command('KEYS', '*')) as string[]) {
      expect(Number(await redis().command('PTTL', key))).toBeGreaterThan(0);
    }
  });

  it('leases are released: never more than three at once, and as many after each other as one likes', async () => {
    const middleware = limitedTo({ algorithm: 'concurrency', window: '1m' });
    const app = express();
    let [inside, most] = [0, 0];
    app.get('/', middleware, async (_req, res) => {
      inside += 1;
      most = Math.max(most, inside);
      await new Promise((resolve) => setTimeout(resolve, 20));
      inside -= 1;
      res.send('done');
    });
    const port = await listening(app);
    const statuses = await Promise.all(
      Array.from({ length: 12 }, async () => (await request(`http://127.0.0.1:${port}`).get('/')).status),
    );
    expect(most).toBeLessThanOrEqual(3);
    expect(statuses.filter((status) => status === 200).length).toBeGreaterThanOrEqual(3);
    await eventually(
      () => used(middleware),
      (count) => count === 0,
    );
    for (let i = 0; i < 6; i++) {
      await request(`http://127.0.0.1:${port}`).get('/').expect(200);
      await eventually(
        () => used(middleware),
        (count) => count === 0,
      );
    }
    expect(warnings()).toEqual([]);
  });

  it('a lease is released by a handler that throws, and by a client that goes away, while it is served or decided', async () => {
    const middleware = limitedTo({ algorithm: 'concurrency', window: '1m' });
    const release = jest.spyOn(middleware.limiter, 'release');
    const app = express();
    let served = 0;
    app.get('/throws', middleware, () => {
      throw new Error('mine');
    });
    app.get('/hangs', middleware, () => {
      served += 1;
    });
    answeringErrors(app);
    const port = await listening(app);
    await request(`http://127.0.0.1:${port}`).get('/throws').expect(500);
    await eventually(
      () => used(middleware),
      (count) => count === 0,
    );
    expect(release).toHaveBeenCalledTimes(1);

    await askAndLeave(
      port,
      () =>
        eventually(
          () => served,
          (count) => count === 1,
        ),
      '/hangs',
    );
    await eventually(
      () => used(middleware),
      (count) => count === 0,
    );
    expect(release).toHaveBeenCalledTimes(2);

    let decide = () => {};
    const { consume } = middleware.limiter;
    let isAsked = false;
    jest.spyOn(middleware.limiter, 'consume').mockImplementation(async (...args) => {
      const decision = await consume.apply(middleware.limiter, args);
      isAsked = true;
      await new Promise<void>((resolve) => {
        decide = resolve;
      });
      return decision;
    });
    await askAndLeave(port, () => eventually(() => isAsked, Boolean), '/hangs');
    expect(await used(middleware)).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 50));
    decide();
    await eventually(
      () => used(middleware),
      (count) => count === 0,
    );
    expect(release).toHaveBeenCalledTimes(3);
  });

  it('a request that is not to count gives back its lease and its units, and neither twice', async () => {
    const policies = [
      { name: 'now', limit: 2, window: '1m', algorithm: 'concurrency' as const },
      { name: 'hour', limit: 3, window: '1h' },
    ];
    const middleware = limited({ policies, skipSuccessfulRequests: true });
    const app = statusApp(middleware);
    const left = async () => {
      const decision = await middleware.limiter.peek('127.0.0.1', { policies });
      return decision.policies.map(({ remaining }) => remaining);
    };
    for (let i = 0; i < 5; i++) {
      await request(app).get('/200').expect(200);
      await eventually(left, (all) => all.join() === '2,3');
    }
    await request(app).get('/400').expect(400);
    await eventually(left, (all) => all.join() === '2,2');
  });

  it('what fails then goes to onError, or to the process once, and rejects nothing unheard', async () => {
    const rejected = jest.fn();
    process.on('unhandledRejection', rejected);
    closers.push(() => process.off('unhandledRejection', rejected));
    const heard: unknown[] = [];
    const gone = new UnavailableError('CONNECTION_LOST', 'It has gone.');
    for (const onError of [undefined, (error: Error) => void heard.push(error)]) {
      const middleware = limitedTo(
        { name: onError ? 'heard' : 'unheard' },
        { skipSuccessfulRequests: true, ...(onError && { onError }) },
      );
      const settle = jest.spyOn(middleware.limiter, 'settle').mockRejectedValue(gone);
      const app = statusApp(middleware);
      await request(app).get('/200').expect(200);
      await request(app).get('/200').expect(200);
      await eventually(
        () => settle.mock.calls.length,
        (calls) => calls === 2,
      );
    }
    await eventually(
      () => heard.length,
      (count) => count === 2,
    );
    expect(heard).toEqual([gone, gone]);
    expect(warnings()).toEqual(['RATE_LIMIT_NOT_SETTLED']);
    expect(rejected).not.toHaveBeenCalled();
  });

  it('nothing is left on responses that need nothing', async () => {
    let listeners = Number.NaN;
    const bare = jest.fn((_req: unknown, res: Response, next: () => void) => {
      listeners = res.listenerCount('close') + res.listenerCount('finish');
      next();
    });
    const app = appWith(bare as never);
    await request(app).get('/');
    const before = listeners;
    await request(appWith(limitedTo({}), bare as never)).get('/');
    expect(listeners).toBe(before);
  });
});

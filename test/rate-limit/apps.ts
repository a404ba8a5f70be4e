import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Controller, Get, type MiddlewareConsumer, Module, type NestModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { RedisFunctions, type RedisFunctionsOptions } from '@redis-functions/core';
import { rateLimit } from '@redis-functions/express';
import { RateLimited, RedisFunctionsModule } from '@redis-functions/nestjs';
import { type Decision, RateLimiter } from '@redis-functions/rate-limit';
import express, { type NextFunction, type Request, type Response } from 'express';
import { LoopDelay } from './loop-delay.js';

export const DEADLINE_MS = 50;
/** More than anybody asks for, but for whoever is asked for on purpose. */
export const LIMIT = 20;

export interface LimitedApp {
  readonly port: number;
  readonly limiter: RateLimiter;
  close(): Promise<void>;
}

type OnUnavailable = 'local' | 'allow' | 'deny';
export type Where = Pick<RedisFunctionsOptions, 'url' | 'sentinel'>;

/** Notes how long a request waited for its decision, less what the event loop was late. */
function timing(delay: LoopDelay) {
  return (_request: Request, response: Response, next: NextFunction) => {
    const began = performance.now();
    const { writeHead } = response;
    response.writeHead = function timed(this: Response, ...args: unknown[]) {
      const now = performance.now();
      this.setHeader('x-wait-ms', String(Math.max(0, now - began - delay.within(began, now))));
      return Reflect.apply(writeHead, this, args);
    } as typeof writeHead;
    next();
  };
}

const clientOf = (request: { headers: Record<string, unknown> }) => String(request.headers['x-client']);

export async function startExpress(where: Where, onUnavailable: OnUnavailable = 'local'): Promise<LimitedApp> {
  const delay = new LoopDelay();
  const app = express();
  app.use(timing(delay));
  const functions = where.sentinel && new RedisFunctions(where);
  const middleware = rateLimit({
    ...(functions ? { functions } : { url: where.url as string }),
    limit: LIMIT,
    window: '1h',
    name: 'express',
    prefix: 'rl:bad',
    deadlineMs: DEADLINE_MS,
    onUnavailable,
    keyGenerator: (request) => clientOf(request),
    onError: () => {},
    handler: (request, response, _next, { statusCode }) => {
      response.setHeader('x-source', String(request.rateLimit?.source));
      response.status(statusCode).end();
    },
  });
  app.use(middleware);
  app.get('/', (request, response) => {
    response.setHeader('x-source', String(request.rateLimit?.source));
    response.send('ok');
  });
  const server: Server = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    limiter: middleware.limiter,
    async close() {
      delay.stop();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await middleware.close();
      await functions?.close();
    },
  };
}

@Controller()
class ShopController {
  @Get()
  @RateLimited({ name: 'nest', limit: LIMIT, window: '1h' })
  read() {
    return 'ok';
  }
}

export async function startNest(where: Where, onUnavailable: OnUnavailable = 'local'): Promise<LimitedApp> {
  const delay = new LoopDelay();

  @Module({
    imports: [
      RedisFunctionsModule.forRoot({
        ...where,
        rateLimit: {
          prefix: 'rl:bad',
          deadlineMs: DEADLINE_MS,
          onUnavailable,
          onError: () => {},
          key: (context) => clientOf(context.switchToHttp().getRequest()),
        },
      }),
    ],
    controllers: [ShopController],
  })
  class ShopModule implements NestModule {
    configure(consumer: MiddlewareConsumer) {
      consumer.apply(timing(delay)).forRoutes('/');
    }
  }

  const app = await NestFactory.create(ShopModule, { logger: false });
  const limiter = app.get(RateLimiter);
  // who decided, told by the limiter's own events, since a handler does not see its decision
  app.use((request: Request, response: Response, next: NextFunction) => {
    const key = clientOf(request);
    const tell = (decision: Decision) => {
      if (decision.key.endsWith(key)) response.setHeader('x-source', decision.source);
    };
    limiter.on('allowed', tell).on('denied', tell);
    response.on('close', () => limiter.off('allowed', tell).off('denied', tell));
    next();
  });
  limiter.setMaxListeners(0);
  await app.listen(0, '127.0.0.1');
  return {
    port: (app.getHttpServer().address() as AddressInfo).port,
    limiter,
    async close() {
      delay.stop();
      app.getHttpServer().closeAllConnections();
      await app.close();
    },
  };
}

import { fileURLToPath } from 'node:url';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { RedisFunctions } from '@redis-functions/core';
import { rateLimit } from '@redis-functions/express';
import { REDIS_FUNCTIONS } from '@redis-functions/nestjs';
import { AppModule, RATE_LIMIT_DEADLINE_MS, type ShopOptions } from './app.module.js';
import { RedisFunctionsErrorFilter } from './http/errors.filter.js';

const PUBLIC = fileURLToPath(new URL('../public', import.meta.url));

/** The application, ready to listen. */
export async function createShop(options: ShopOptions): Promise<NestExpressApplication> {
  const app = await NestFactory.create<NestExpressApplication>(AppModule.forRoot(options), {
    logger: ['warn', 'error'],
    // a module that cannot start says why by its error; Nest would end the process
    abortOnError: false,
  });
  app.disable('x-powered-by');
  app.useBodyParser('json', { limit: '16kb' });
  app.use(securityHeaders);
  // wide, for everything; the routes have narrower ones of their own
  const functions = app.get<RedisFunctions>(REDIS_FUNCTIONS);
  const policies = [{ name: 'shop', limit: 600, window: '1m' }];
  app.use(rateLimit({ functions, policies, deadlineMs: RATE_LIMIT_DEADLINE_MS }));
  app.useStaticAssets(PUBLIC);
  app.useGlobalFilters(new RedisFunctionsErrorFilter());
  return app;
}

interface HeaderSetter {
  setHeader(name: string, value: string): unknown;
}

function securityHeaders(_request: unknown, response: HeaderSetter, next: () => void): void {
  response.setHeader('Content-Security-Policy', "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'");
  response.setHeader('X-Content-Type-Options', 'nosniff');
  next();
}

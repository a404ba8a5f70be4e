import { fileURLToPath } from 'node:url';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NextFunction, Request, Response } from 'express';
import { AppModule, type ShopOptions } from './app.module.js';
import { RedisFunctionsErrorFilter } from './http/errors.filter.js';
import { staticFiles } from './http/static-files.js';

/** What `npm run build` makes of web/; the same folder whether the shop runs from src/ or from dist/. */
const PUBLIC = fileURLToPath(new URL('../dist/public', import.meta.url));

/** The application, ready to listen. */
export async function createShop(options: ShopOptions, page: string = PUBLIC): Promise<NestExpressApplication> {
  const app = await NestFactory.create<NestExpressApplication>(AppModule.forRoot(options), {
    logger: ['warn', 'error'],
    // a module that cannot start says why by its error; Nest would end the process
    abortOnError: false,
  });
  app.disable('x-powered-by');
  app.useBodyParser('json', { limit: '16kb' });
  app.use(securityHeaders);
  app.use(staticFiles(page));
  app.useGlobalFilters(new RedisFunctionsErrorFilter());
  return app;
}

function securityHeaders(_request: Request, response: Response, next: NextFunction): void {
  response.setHeader('Content-Security-Policy', "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'");
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.setHeader('Referrer-Policy', 'same-origin');
  next();
}

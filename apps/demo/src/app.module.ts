import { type DynamicModule, Module } from '@nestjs/common';
import { RedisFunctionsModule, type RedisFunctionsModuleOptions } from '@redis-functions/nestjs';
import { AccountController } from './account/account.controller.js';
import { SessionsController } from './account/sessions.controller.js';
import { CartController } from './cart/cart.controller.js';
import { CounterController } from './counter/counter.controller.js';
import { HealthController } from './health/health.controller.js';
import { examples } from './libraries/examples.js';
import { myapp } from './libraries/myapp.js';
import { mylib } from './libraries/mylib.js';
import { CURRENCY } from './products/catalog.js';
import { ProductsController } from './products/products.controller.js';
import { ProductsService } from './products/products.service.js';

/** More than the default of 50 ms: the machine of somebody who tries things out is busy with other things as well. */
export const RATE_LIMIT_DEADLINE_MS = 500;

export interface ShopOptions
  extends Pick<RedisFunctionsModuleOptions, 'url' | 'mode' | 'force' | 'onUnavailableAtStart'> {
  /** Secret that routes users to their sessions: at least 32 characters, the same in every instance. */
  routingKey: string;
}

@Module({})
export class AppModule {
  static forRoot({ routingKey, ...connection }: ShopOptions): DynamicModule {
    return {
      module: AppModule,
      imports: [
        RedisFunctionsModule.forRoot({
          ...connection,
          deadlineMs: 2_000,
          libraries: [mylib, myapp, examples],
          // a log, not a bucket: at most 5 in whatever minute one looks at
          rateLimit: {
            policies: { login: { limit: 5, window: '1m', algorithm: 'sliding-log' } },
            deadlineMs: RATE_LIMIT_DEADLINE_MS,
          },
          session: { routingKey },
          cart: { shop: 'demo', currency: CURRENCY },
        }),
      ],
      controllers: [
        HealthController,
        ProductsController,
        AccountController,
        SessionsController,
        CartController,
        CounterController,
      ],
      providers: [ProductsService],
    };
  }
}

import { type DynamicModule, type MiddlewareConsumer, Module, type NestModule } from '@nestjs/common';
import { type RedisFunctions } from '@redis-functions/core';
import { rateLimit } from '@redis-functions/express';
import { InjectRedisFunctions, RedisFunctionsModule, type RedisFunctionsModuleOptions } from '@redis-functions/nestjs';
import { AccountModule } from './account/account.module.js';
import { CartController } from './cart/cart.controller.js';
import { CartModule } from './cart/cart.module.js';
import { CounterModule } from './counter/counter.module.js';
import { EventsModule } from './events/events.module.js';
import { FunctionsModule } from './functions/functions.module.js';
import { HealthController } from './health/health.controller.js';
import { earlySession } from './http/early-session.middleware.js';
import { examples } from './libraries/examples.js';
import { feed } from './libraries/feed.js';
import { myapp } from './libraries/myapp.js';
import { mylib } from './libraries/mylib.js';
import { LimitsModule } from './limits/limits.module.js';
import { CURRENCY } from './products/catalog.js';
import { ProductsModule } from './products/products.module.js';

/** More than the default of 50 ms: the machine of somebody who tries things out is busy with other things as well. */
const RATE_LIMIT_DEADLINE_MS = 500;
const DEADLINE_MS = 2_000;

export interface ShopOptions
  extends Pick<RedisFunctionsModuleOptions, 'url' | 'cluster' | 'mode' | 'force' | 'onUnavailableAtStart'> {
  /** Secret that routes users to their sessions: at least 32 characters, the same in every instance. */
  routingKey: string;
  /** How long a cart keeps its units from others, and how long a payment may take. Default: 2m each. */
  hold?: { readonly cart: string; readonly checkout: string };
}

@Module({})
export class AppModule implements NestModule {
  constructor(@InjectRedisFunctions() private readonly functions: RedisFunctions) {}

  static forRoot(options: ShopOptions): DynamicModule {
    const { routingKey, hold = { cart: '2m', checkout: '2m' }, url, cluster, ...deploying } = options;
    const connection = cluster ? { cluster } : { url: url as string };
    return {
      module: AppModule,
      imports: [
        RedisFunctionsModule.forRoot({
          ...connection,
          ...deploying,
          deadlineMs: DEADLINE_MS,
          libraries: [mylib, myapp, examples, feed],
          // a log, not a bucket: at most 5 in whatever minute one looks at
          rateLimit: {
            policies: {
              login: { limit: 5, window: '1m', algorithm: 'sliding-log' },
              workshop: { limit: 60, window: '1m' },
            },
            deadlineMs: RATE_LIMIT_DEADLINE_MS,
          },
          session: { routingKey, expiryEvents: { everyMs: 2_000 } },
          cart: { shop: 'demo', currency: CURRENCY, stock: 'reserve-on-add', hold },
        }),
        EventsModule,
        ProductsModule,
        CartModule,
        AccountModule,
        CounterModule,
        LimitsModule,
        FunctionsModule.forRoot(connection),
      ],
      controllers: [HealthController],
    };
  }

  configure(consumer: MiddlewareConsumer): void {
    const { functions } = this;
    const policies = [{ name: 'shop', limit: 600, window: '1m' }];
    // wide, for everything that is asked of the shop; the routes have narrower ones of their own
    const limit = rateLimit({ functions, policies, deadlineMs: RATE_LIMIT_DEADLINE_MS });
    consumer.apply(earlySession).forRoutes(CartController);
    consumer.apply(limit).exclude('api/limits/*path').forRoutes('{*path}');
  }
}

import { Inject, Module, type NestModule, type Provider } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { CartService, cartLibrary, InventoryService } from '@redis-functions/cart';
import { RedisFunctions } from '@redis-functions/core';
import { RateLimiter, type RateLimiterOptions, rateLimiterLibrary } from '@redis-functions/rate-limit';
import { SessionService, sessionsLibrary } from '@redis-functions/session';
import { RateLimitGuard } from '../rate-limit/rate-limit.guard.js';
import { RateLimitSettings } from '../rate-limit/rate-limit-settings.js';
import { RateLimitRules } from '../rate-limit/rules/rate-limit-rules.js';
import { ContextSessions } from '../session/contexts/context-sessions.js';
import { serviceOptions } from '../session/options.js';
import { NoTouchGuard, SessionGuard } from '../session/session.guard.js';
import { SessionPipe } from '../session/session.parameters.js';
import { SessionInstaller } from '../session/session-installer.js';
import { SessionSockets } from '../session/sockets/session-sockets.js';
import { RedisFunctionsThrottlerStorage } from '../throttler/throttler-storage.js';
import { RedisFunctionsLifecycle } from './lifecycle.js';
import { notConfigured } from './not-configured.js';
import type { RateLimitOptions, RedisFunctionsModuleOptions } from './options.js';
import { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } from './redis-functions.module-definition.js';
import { REDIS_FUNCTIONS } from './tokens.js';

type Options = RedisFunctionsModuleOptions;

const services: Provider[] = [
  {
    provide: REDIS_FUNCTIONS,
    inject: [MODULE_OPTIONS_TOKEN],
    useFactory: ({ libraries = [], session, cart, ...options }: Options) =>
      new RedisFunctions({
        ...options,
        // those that are configured are deployed at start with the user's own, not at somebody's first request
        libraries: [
          ...libraries,
          rateLimiterLibrary,
          ...(session ? [sessionsLibrary] : []),
          ...(cart ? [cartLibrary] : []),
        ],
      }),
  },
  {
    provide: RateLimiter,
    inject: [REDIS_FUNCTIONS, MODULE_OPTIONS_TOKEN],
    useFactory: (functions: RedisFunctions, { rateLimit }: Options) =>
      new RateLimiter({ ...limiterOptions(rateLimit), functions }),
  },
  {
    provide: RedisFunctionsThrottlerStorage,
    inject: [REDIS_FUNCTIONS, MODULE_OPTIONS_TOKEN],
    useFactory: (functions: RedisFunctions, { rateLimit }: Options) => {
      const { prefix = 'rl', algorithm: _own, ...options } = limiterOptions(rateLimit);
      return new RedisFunctionsThrottlerStorage({ ...options, prefix: `${prefix}:throttler`, functions });
    },
  },
  {
    provide: SessionService,
    inject: [REDIS_FUNCTIONS, MODULE_OPTIONS_TOKEN],
    useFactory: (functions: RedisFunctions, { session }: Options) =>
      session
        ? new SessionService({ ...serviceOptions(session), functions })
        : notConfigured('SessionService', 'session'),
  },
  {
    provide: CartService,
    inject: [REDIS_FUNCTIONS, MODULE_OPTIONS_TOKEN],
    useFactory: (functions: RedisFunctions, { cart }: Options) =>
      cart ? new CartService({ ...cart, functions }) : notConfigured('CartService', 'cart'),
  },
  {
    provide: InventoryService,
    inject: [REDIS_FUNCTIONS, MODULE_OPTIONS_TOKEN],
    useFactory: (functions: RedisFunctions, { cart }: Options) =>
      cart ? new InventoryService({ ...cart, functions }) : notConfigured('InventoryService', 'cart'),
  },
];

/** Those that are not the guard's. */
function limiterOptions({
  policies: _named,
  key: _key,
  skip: _skip,
  ipv6Subnet: _subnet,
  headers: _fields,
  ...options
}: RateLimitOptions = {}): Omit<RateLimiterOptions, 'functions'> {
  return options;
}

/**
 * Redis Functions for the application: one connection, libraries deployed at start, `RateLimiter`, `SessionService`,
 * `CartService`, `InventoryService` and `RedisFunctions` to inject, `@RateLimited()` to put on routes, and a session for
 * every request.
 */
@Module({
  imports: [DiscoveryModule],
  providers: [
    ...services,
    RateLimitRules,
    RateLimitSettings,
    RateLimitGuard,
    ContextSessions,
    SessionSockets,
    SessionGuard,
    NoTouchGuard,
    SessionPipe,
    SessionInstaller,
    RedisFunctionsLifecycle,
  ],
  exports: [
    REDIS_FUNCTIONS,
    RateLimiter,
    RedisFunctionsThrottlerStorage,
    SessionService,
    CartService,
    InventoryService,
    RateLimitRules,
    RateLimitSettings,
    RateLimitGuard,
    ContextSessions,
    SessionSockets,
    SessionGuard,
    NoTouchGuard,
    SessionPipe,
  ],
})
export class RedisFunctionsModule extends ConfigurableModuleClass implements NestModule {
  constructor(@Inject(SessionInstaller) private readonly sessions: SessionInstaller) {
    super();
  }

  /** Before what other modules put in front of their routes. */
  configure(): void {
    this.sessions.install();
  }
}

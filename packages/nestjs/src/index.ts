export { CartConditions, CartETag, CartETagInterceptor } from './cart/cart.decorators.js';
export { CartExceptionFilter } from './cart/cart-exception.filter.js';
export type { RateLimitOptions, RedisFunctionsModuleOptions } from './module/options.js';
export { RedisFunctionsModule } from './module/redis-functions.module.js';
export { InjectRedisFunctions, REDIS_FUNCTIONS } from './module/tokens.js';
export type {
  ContextPolicy,
  FromContext,
  NamedRule,
  RateLimitKeyFunction,
  RateLimitRule,
} from './rate-limit/metadata.js';
export { RateLimitGuard } from './rate-limit/rate-limit.guard.js';
export { RateLimited, RateLimitKey, SkipRateLimit } from './rate-limit/rate-limited.decorator.js';
export { RateLimitedException } from './rate-limit/rate-limited.exception.js';
export type { VisitorSession } from './session/contexts/context-sessions.js';
export type { SessionModuleOptions } from './session/options.js';
export { NoTouch, Public, RequireFreshSession } from './session/session.decorators.js';
export { SessionException } from './session/session.exception.js';
export { SessionGuard } from './session/session.guard.js';
export { CurrentSession, SessionHandle, SessionUser, SessionValue } from './session/session.parameters.js';
export { SessionSockets } from './session/sockets/session-sockets.js';
export type { SocketSession } from './session/sockets/socket-session.js';
export type { RedisFunctionsThrottlerStorageOptions } from './throttler/throttler-storage.js';
export { RedisFunctionsThrottlerStorage } from './throttler/throttler-storage.js';

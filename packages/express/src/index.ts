export { clientAddress } from '@redis-functions/rate-limit';
export type {
  CookieOptions,
  CsrfErrorCode,
  CsrfOptions,
  HttpSessionOptions,
  OwnDevice,
  RequestChanges,
  RequestSession,
} from '@redis-functions/session';
export { CsrfError } from '@redis-functions/session';
export { cartConditions, cartProblems, sendCart } from './cart/cart.js';
export { csrf } from './csrf/csrf.js';
export type { ValidateOptions } from './rate-limit/checks.js';
export type { FromRequest, RateLimitHandler, RateLimitOptions, RefusalOptions } from './rate-limit/options.js';
export type { RateLimitMiddleware } from './rate-limit/rate-limit.js';
export { rateLimit } from './rate-limit/rate-limit.js';
export type { RateLimitInfo } from './rate-limit/request-info.js';
export type { ClientHits, RateLimitStoreOptions } from './rate-limit-store/rate-limit-store.js';
export { RateLimitStore } from './rate-limit-store/rate-limit-store.js';
export type { SessionOptions } from './session/options.js';
export { sessionProblems } from './session/problems.js';
export type { SessionMiddleware } from './session/session.js';
export { noTouch, session } from './session/session.js';
export type { StoredSession } from './store/express-session.js';
export type { SessionSerializer, SessionStoreOptions } from './store/options.js';
export type { StoreCallback } from './store/session-store.js';
export { SessionStore } from './store/session-store.js';

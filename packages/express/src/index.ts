export type { FromRequest, RateLimitHandler, RateLimitOptions, RefusalOptions } from './rate-limit/options.js';
export type { RateLimitMiddleware } from './rate-limit/rate-limit.js';
export { rateLimit } from './rate-limit/rate-limit.js';
export type { RateLimitInfo } from './rate-limit/request-info.js';
export type { CookieOptions, SessionOptions } from './session/options.js';
export { sessionProblems } from './session/problems.js';
export type { RequestSession } from './session/request-session.js';
export type { SessionMiddleware } from './session/session.js';
export { session } from './session/session.js';

import type { Decision } from '@redis-functions/rate-limit';

/** What the middleware leaves on the request. */
export interface RateLimitInfo extends Decision {
  /** Units of `limit` that are in use. */
  readonly used: number;
  /** When nothing of `limit` is in use any more, if nothing more is asked for. */
  readonly resetTime: Date;
}

declare global {
  namespace Express {
    interface Request {
      /** Set by `rateLimit()` under its default `requestPropertyName`. */
      rateLimit?: RateLimitInfo;
    }
  }
}

/** Field by field: for every request, and a spread takes ten times as long. */
export function toInfo(decision: Decision): RateLimitInfo {
  const { id, key, allowed, policy, limit, remaining, retryAfterMs, resetAfterMs, source, policies } = decision;
  return {
    id,
    key,
    allowed,
    policy,
    limit,
    remaining,
    retryAfterMs,
    resetAfterMs,
    source,
    policies,
    used: Math.max(0, limit - remaining),
    resetTime: new Date(Date.now() + resetAfterMs),
  };
}

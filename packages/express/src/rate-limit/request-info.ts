import type { Decision, DecisionSource, PolicyDecision } from '@redis-functions/rate-limit';

/** What the middleware leaves on the request. */
export interface RateLimitInfo extends Decision {
  /** Units of `limit` that are in use. */
  readonly used: number;
  /** When nothing of `limit` is in use any more, if nothing more is asked for. */
  readonly resetTime: Date;
}

/** What rate limits know of one request: which of them have asked about it, and what was decided, in that order. */
export interface Visits {
  readonly by: object[];
  /** As the response tells of them. */
  readonly decisions: Decision[];
}

declare global {
  namespace Express {
    interface Request {
      /** Set by `rateLimit()` under its default `requestPropertyName`. */
      rateLimit?: RateLimitInfo;
    }
  }
}

/** A class for the sake of what it hides. Copied field by field: a spread takes ten times as long. */
export class RequestInfo implements RateLimitInfo {
  readonly id: string;
  readonly key: string;
  readonly allowed: boolean;
  readonly policy: string;
  readonly limit: number;
  readonly remaining: number;
  readonly retryAfterMs: number;
  readonly resetAfterMs: number;
  readonly source: DecisionSource;
  readonly policies: readonly PolicyDecision[];
  readonly used: number;
  readonly resetTime: Date;
  readonly #visits: Visits;

  constructor(decision: Decision, visits: Visits) {
    this.id = decision.id;
    this.key = decision.key;
    this.allowed = decision.allowed;
    this.policy = decision.policy;
    this.limit = decision.limit;
    this.remaining = decision.remaining;
    this.retryAfterMs = decision.retryAfterMs;
    this.resetAfterMs = decision.resetAfterMs;
    this.source = decision.source;
    this.policies = decision.policies;
    this.used = Math.max(0, decision.limit - decision.remaining);
    this.resetTime = new Date(Date.now() + decision.resetAfterMs);
    this.#visits = visits;
  }

  static visitsOf(value: unknown): Visits | undefined {
    return typeof value === 'object' && value !== null && #visits in value ? value.#visits : undefined;
  }
}

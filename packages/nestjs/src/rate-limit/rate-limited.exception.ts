import { HttpException, HttpStatus } from '@nestjs/common';
import type { Decision } from '@redis-functions/rate-limit';

/** 429. Carries the decision, so that a filter can say more than the default body does. */
export class RateLimitedException extends HttpException {
  readonly decision: Decision;

  constructor(decision: Decision) {
    super(
      {
        statusCode: HttpStatus.TOO_MANY_REQUESTS,
        error: 'Too Many Requests',
        message: `Too many requests. Try again in ${Math.ceil(decision.retryAfterMs / 1_000)} s.`,
        retryAfterMs: decision.retryAfterMs,
        policy: decision.policy,
      },
      HttpStatus.TOO_MANY_REQUESTS,
    );
    this.decision = decision;
  }
}

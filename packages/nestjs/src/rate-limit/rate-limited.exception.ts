import { HttpException, HttpStatus } from '@nestjs/common';
import type { Decision } from '@redis-functions/rate-limit';
import { type Refusal, toRefusal } from './refusal.js';

/**
 * 429; or 503 where Redis is away and `onUnavailable` is `deny`, which is no fault of the client. Carries the decision,
 * so that a filter can say more than the default body does.
 */
export class RateLimitedException extends HttpException {
  readonly decision: Decision;
  /** What GraphQL servers send beside the message. */
  readonly extensions: Omit<Refusal, 'message'> & { readonly code: string };

  constructor(decision: Decision) {
    const isUnavailable = decision.source === 'unavailable';
    const statusCode = isUnavailable ? HttpStatus.SERVICE_UNAVAILABLE : HttpStatus.TOO_MANY_REQUESTS;
    const { message, ...numbers } = toRefusal(decision);
    super(
      { statusCode, error: isUnavailable ? 'Service Unavailable' : 'Too Many Requests', message, ...numbers },
      statusCode,
    );
    this.decision = decision;
    this.extensions = { code: isUnavailable ? 'SERVICE_UNAVAILABLE' : 'TOO_MANY_REQUESTS', ...numbers };
  }
}

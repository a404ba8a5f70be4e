import type { ExecutionContext } from '@nestjs/common';
import { RateLimitedException } from '../rate-limited.exception.js';
import { addressOf } from './address.js';
import type { Call } from './call.js';
import { HttpResponse } from './http-response.js';

/** A request to Express or Fastify. */
export function httpCall(context: ExecutionContext): Call {
  const http = context.switchToHttp();
  return {
    address: addressOf(http.getRequest()),
    hasAddresses: true,
    response: HttpResponse.from(http.getResponse()),
    refusal: (decision) => new RateLimitedException(decision),
  };
}

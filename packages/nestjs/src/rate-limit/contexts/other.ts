import type { ExecutionContext } from '@nestjs/common';
import { RateLimitedException } from '../rate-limited.exception.js';
import type { Call } from './call.js';

/** A call by a protocol that Nest does not have itself, such as a command line or a queue of somebody's library. */
export function otherCall(_context: ExecutionContext): Call {
  return {
    address: undefined,
    hasAddresses: false,
    response: undefined,
    refusal: (decision) => new RateLimitedException(decision),
  };
}

import type { ExecutionContext } from '@nestjs/common';
import type { Call } from './call.js';
import { protocolException } from './protocol-exception.js';

/**
 * A message or event to a microservice. What is at the other end of a transport is a broker or another service, not
 * whoever the call is made for, so only a key can tell callers apart.
 */
export function rpcCall(_context: ExecutionContext): Call {
  return {
    address: undefined,
    hasAddresses: false,
    response: undefined,
    refusal: (decision) => protocolException('rpc', decision),
  };
}

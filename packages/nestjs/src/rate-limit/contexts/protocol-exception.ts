import type { Decision } from '@redis-functions/rate-limit';
import { RateLimitedException } from '../rate-limited.exception.js';
import { toRefusal } from '../refusal.js';

type ExceptionClass = new (error: object) => Error;

/**
 * The exceptions that Nest's filters tell clients of; for everything else they say "Internal server error". Imported when
 * the first is needed: whoever has no gateway or microservice need not have the package.
 */
const LOADERS = {
  async ws(): Promise<ExceptionClass> {
    const { WsException } = await import('@nestjs/websockets');
    return WsException;
  },
  async rpc(): Promise<ExceptionClass> {
    const { RpcException } = await import('@nestjs/microservices');
    return RpcException;
  },
} as const;

/**
 * A refusal as an exception of the protocol, with the decision on it for filters. Nest 11's own filter sends nothing at
 * all to clients of the package ws, whatever the exception; socket.io, and Nest 12, do.
 */
export async function protocolException(protocol: keyof typeof LOADERS, decision: Decision): Promise<Error> {
  const Exception = await LOADERS[protocol]().catch(() => undefined);
  // a protocol that calls itself so, and is not Nest's
  if (Exception === undefined) return new RateLimitedException(decision);
  return Object.assign(new Exception({ status: 'error', ...toRefusal(decision) }), { decision });
}

import type { ExecutionContext } from '@nestjs/common';
import { SessionException, toException } from '../session.exception.js';

/** Reaches the client through Nest's own exception filter of the protocol. */
export async function refusal(
  context: ExecutionContext,
  status: number,
  code: string,
  message: string,
): Promise<Error> {
  const exception = new SessionException(status, code, message);
  return context.getType() === 'ws' ? forGateway(exception) : exception;
}

/** For anything else gateways say "Internal server error". Nest's package is imported when there is a gateway. */
export async function toGatewayException(error: unknown): Promise<unknown> {
  const exception = toException(error);
  return exception instanceof SessionException ? forGateway(exception) : exception;
}

async function forGateway({ code, message, cause }: SessionException): Promise<Error> {
  const { WsException } = await import('@nestjs/websockets');
  return Object.assign(new WsException({ status: 'error', code, message }), { cause });
}

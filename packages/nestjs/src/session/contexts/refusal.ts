import type { ExecutionContext } from '@nestjs/common';
import { SessionException } from '../session.exception.js';

/** Reaches the client through Nest's own exception filter of the protocol. */
export async function refusal(
  context: ExecutionContext,
  status: number,
  code: string,
  message: string,
): Promise<Error> {
  const exception = new SessionException(status, code, message);
  if (context.getType() !== 'ws') return exception;
  // for everything else gateways say "Internal server error"; imported when there is a gateway
  const { WsException } = await import('@nestjs/websockets');
  return new WsException({ status: 'error', code, message });
}

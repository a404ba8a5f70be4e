import type { ExecutionContext } from '@nestjs/common';
import { addressOf, textOf } from './address.js';
import type { Call } from './call.js';
import { protocolException } from './protocol-exception.js';

/** A connected client of socket.io or ws. */
interface Client {
  /** socket.io */
  readonly handshake?: { readonly address?: unknown };
  readonly conn?: { readonly remoteAddress?: unknown };
  readonly request?: unknown;
  /** ws: it has no public way to its socket */
  readonly _socket?: { readonly remoteAddress?: unknown } | null;
}

/**
 * A message to a gateway. Neither library knows of proxies: behind one, count by `rateLimit.key` or `@RateLimitKey`
 * instead.
 */
export function websocketCall(context: ExecutionContext): Call {
  const client = context.switchToWs().getClient<Client | null | undefined>();
  return {
    address:
      textOf(client?.handshake?.address) ??
      textOf(client?.conn?.remoteAddress) ??
      textOf(client?._socket?.remoteAddress) ??
      addressOf(client?.request),
    hasAddresses: true,
    response: undefined,
    refusal: (decision) => protocolException('ws', decision),
  };
}

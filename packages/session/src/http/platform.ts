import type { IncomingMessage, ServerResponse } from 'node:http';

/** What frameworks know of a request, and Node does not: it depends on which proxies they were told to trust. */
export interface HttpPlatform {
  /** Whether the visitor came by HTTPS. */
  isSecure(request: IncomingMessage): boolean;
  /** Host and port that the visitor asked for. */
  hostOf(request: IncomingMessage): string | undefined;
  /** The visitor's network address. */
  addressOf(request: IncomingMessage): string | undefined;
  /** Whether forwarded headers count. */
  trustsProxy(request: IncomingMessage): boolean;
  /** What operations throw, in the form that the framework answers rightly. */
  toError(error: unknown, response: ServerResponse): unknown;
}

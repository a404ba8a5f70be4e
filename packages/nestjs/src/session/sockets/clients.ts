import type { IncomingMessage } from 'node:http';

/** A connected client of socket.io or ws. */
export interface SocketClient {
  /** socket.io: the request by which it connected. */
  readonly request?: unknown;
  disconnect?(close: true): unknown;
  /** ws */
  close?(code: number, reason: string): unknown;
  /** ws has no public way to its socket. */
  readonly _socket?: object | null;
  once?(event: string, listener: () => void): unknown;
}

/** RFC 6455, 7.4.2: 4000 and above are for applications. As HTTP's 401. */
const SESSION_OVER = 4401;

const requests = new WeakMap<object, IncomingMessage>();

/** The package ws gives the request of a connection to nobody but the listeners of its server. */
export function rememberUpgrade(request: IncomingMessage, socket: object): void {
  requests.set(socket, request);
}

/** Undefined where nobody can tell: a ws gateway on a port of its own. */
export function requestOf({ request, _socket }: SocketClient): IncomingMessage | undefined {
  if (isRequest(request)) return request;
  return _socket ? requests.get(_socket) : undefined;
}

export function isRequest(value: unknown): value is IncomingMessage {
  return typeof value === 'object' && value !== null && 'headers' in value && 'socket' in value;
}

export function closeClient(client: SocketClient): void {
  if (client.disconnect) client.disconnect(true);
  else client.close?.(SESSION_OVER, 'The session is over.');
}

export function onClosed(client: SocketClient, listener: () => void): void {
  // socket.io says disconnect, ws says close
  client.once?.('disconnect', listener);
  client.once?.('close', listener);
}

interface Request {
  /** Express and Fastify: as their proxy settings make it. */
  readonly ip?: unknown;
  /** Node's own request. */
  readonly socket?: { readonly remoteAddress?: unknown } | null;
}

/** The address that a request came from; undefined for what is not a request, or has lost its connection. */
export function addressOf(request: unknown): string | undefined {
  if (typeof request !== 'object' || request === null) return undefined;
  const { ip, socket } = request as Request;
  return textOf(ip) ?? textOf(socket?.remoteAddress);
}

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

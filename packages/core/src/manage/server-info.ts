import type { PrimaryNode } from '../client/port.js';
import { toText } from '../replies.js';

export interface ServerInfo {
  readonly kind: 'redis' | 'valkey';
  /** The server's own version: Valkey also reports the Redis version that it is compatible with. */
  readonly version: string;
}

export async function readServerInfo(node: PrimaryNode): Promise<ServerInfo> {
  const text = toText(await node.send(['INFO', 'server']));
  const field = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(text)?.[1];
  const valkey = field('valkey_version');
  return valkey === undefined
    ? { kind: 'redis', version: field('redis_version') ?? 'unknown' }
    : { kind: 'valkey', version: valkey };
}

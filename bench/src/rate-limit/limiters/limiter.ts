import type { Contestant } from '../../harness/rounds.js';

/** What all of them can be asked for: so many per window and key. */
export interface Quota {
  readonly limit: number;
  /** Whole seconds: not every peer has shorter ones. */
  readonly windowMs: number;
}

/** node-redis is without the time limit per command that it has by default, unless it says so: that makes it far slower. */
export type ClientName = 'node-redis' | 'node-redis, default timeout' | 'ioredis' | 'ioredis, auto-pipelining';

export type NodeRedisName = Extract<ClientName, `node-redis${string}`>;

export interface LimiterOptions extends Quota {
  readonly url: string;
  /** Default: the one that is fastest with it. */
  readonly client?: ClientName;
}

/** A limiter on a connection of its own. */
export interface Limiter extends Pick<Contestant, 'outcome'> {
  /** The package, and the client it uses. */
  readonly name: string;
  /** What it is given for a client. Default: the client's address. */
  toKey?(address: string): string;
  consume(key: string): Promise<unknown>;
  close(): void | Promise<void>;
}

/** The limiter is asked about these clients, one after the other. */
export function toContestant({ name, outcome, toKey, consume }: Limiter, addresses: readonly string[]): Contestant {
  const keys = toKey === undefined ? addresses : addresses.map(toKey);
  let n = 0;
  return { name, ...(outcome && { outcome }), run: () => consume(keys[n++ % keys.length] as string) };
}

/** So many different clients. */
export function toAddresses(count: number): string[] {
  return Array.from({ length: count }, (_, n) => `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`);
}

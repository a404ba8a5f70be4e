import type { ServerBinary } from '@redis-functions/testing';

/** The newest Redis and the newest Valkey: a topology of each is enough, and two are not too many for two cores. */
export function newest(servers: readonly ServerBinary[]): ServerBinary[] {
  return ['redis', 'valkey'].flatMap((kind) => servers.filter(({ name }) => name.includes(kind)).slice(-1));
}

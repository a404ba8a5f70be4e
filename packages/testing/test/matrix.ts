import { availableServers, type ServerBinary } from '../src/index.js';

/** One Redis and one Valkey, the newest of each, where both are here: for what takes seconds. */
export function oneOfEach(): ServerBinary[] {
  const newestFirst = availableServers().toReversed();
  const kinds = ['redis', 'valkey'].map((kind) => newestFirst.find(({ name }) => name.startsWith(kind)));
  return kinds.filter((server) => server !== undefined);
}

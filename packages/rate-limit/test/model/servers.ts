import { availableServers } from '@redis-functions/testing';

const servers = availableServers();
const named = (name: string) => servers.filter((server) => server.name === name);
const newest = (kind: string) => servers.filter(({ name }) => name.includes(kind)).slice(-1);
/** Redis 7.0 and 8, and the newest Valkey, of those that are here; each has a part of the decisions of its own. */
export const MODEL_SERVERS = [...new Set([...named('redis-7.0'), ...newest('redis'), ...newest('valkey')])].map(
  (server, part) => ({ ...server, part }),
);

/**
 * Decisions of each algorithm on each server. They are 100,000 on all servers together; with REDIS_FUNCTIONS_TRACES=full
 * on each of them, which takes minutes.
 */
export const DECISIONS =
  process.env['REDIS_FUNCTIONS_TRACES'] === 'full' ? 100_000 : Math.ceil(100_000 / MODEL_SERVERS.length);

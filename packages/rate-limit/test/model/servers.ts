import { availableServers } from '@redis-functions/testing';

const servers = availableServers();
const named = (name: string) => servers.filter((server) => server.name === name);
const newest = (kind: string) => servers.filter(({ name }) => name.includes(kind)).slice(-1);
/** Redis 7.0 and 8, and the newest Valkey, of those that are here. */
export const MODEL_SERVERS = [...new Set([...named('redis-7.0'), ...newest('redis'), ...newest('valkey')])];

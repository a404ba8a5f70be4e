export { HOW_TO_INSTALL, ServerFetchError, ServerNotFoundError, ServerStartError } from './errors.js';
export { cachedServers, fetchServer } from './fetch/fetch-server.js';
export type { ServerName } from './fetch/server-packages.js';
export { SERVER_NAMES } from './fetch/server-packages.js';
export type { ServerBinary } from './find-server.js';
export { availableServers, findOnPath, findServer } from './find-server.js';
export type { RedisServer, StartRedisOptions } from './start-redis.js';
export { startRedis } from './start-redis.js';

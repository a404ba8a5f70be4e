export { HOW_TO_INSTALL, ServerNotFoundError, ServerStartError } from './errors.js';
export type { ServerBinary } from './find-server.js';
export { availableServers, findOnPath, findServer } from './find-server.js';
export type { RedisServer, StartRedisOptions } from './start-redis.js';
export { startRedis } from './start-redis.js';

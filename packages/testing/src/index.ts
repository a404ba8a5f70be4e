export type { AddPrimaryOptions, RedisCluster, ReshardOptions } from './cluster/redis-cluster.js';
export type { SlotMove } from './cluster/slot-move.js';
export type { StartClusterOptions } from './cluster/start-cluster.js';
export { startCluster } from './cluster/start-cluster.js';
export { withCoverage } from './coverage/with-coverage.js';
export {
  HOW_TO_INSTALL,
  NotSettledError,
  ServerFetchError,
  ServerNotFoundError,
  ServerSilentError,
  ServerStartError,
} from './errors.js';
export { fetchServer } from './fetch/fetch-server.js';
export type { ServerName } from './fetch/server-packages.js';
export { SERVER_NAMES } from './fetch/server-packages.js';
export type { ServerBinary } from './find/find-server.js';
export { availableServers, findServer } from './find/find-server.js';
export { findOnPath } from './find/path.js';
export { SlowLink } from './link/slow-link.js';
export type { AclUser, ClientTls, RedisServer } from './server/redis-server.js';
export type { ServerOptions, StartRedisOptions } from './server/start-redis.js';
export { startRedis } from './server/start-redis.js';
export type { RedisReplicated, StartReplicatedOptions } from './topology/start-replicated.js';
export { startReplicated } from './topology/start-replicated.js';
export type { RedisSentinels, StartSentinelOptions } from './topology/start-sentinel.js';
export { startSentinel } from './topology/start-sentinel.js';

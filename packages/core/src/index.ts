export { onAbort } from './call/abort.js';
export type { Lease } from './call/deadline.js';
export { DeadlineTimer } from './call/deadline.js';
export type { Handle } from './call/handle.js';
export type { ServerErrorParts } from './call/server-error.js';
export { parseServerError } from './call/server-error.js';
export type { RedisClient } from './client/adapt.js';
export type { ClusterConnection, SentinelConnection } from './client/connect.js';
export { redactUrl } from './client/connect.js';
export type { IoredisClient } from './client/ioredis.js';
export type { IoredisCluster } from './client/ioredis-cluster.js';
export type { NodeRedisClient } from './client/node-redis.js';
export type { NodeRedisCluster } from './client/node-redis-cluster.js';
export type { NodeRedisPool } from './client/node-redis-pool.js';
export type { NodeRedisSentinel } from './client/node-redis-sentinel.js';
export {
  checkBoolean,
  checkInteger,
  checkNumber,
  checkOneOf,
  checkText,
  optionalArguments,
} from './define/argument-checks.js';
export type { Argument, EncodedCall, FunctionDefinition, FunctionOptions } from './define/function.js';
export { defineFunction } from './define/function.js';
export type { FunctionTable, Library, LibraryOptions } from './define/library.js';
export { defineLibrary } from './define/library.js';
export type { Registration } from './define/registrations.js';
export { registrationsIn } from './define/registrations.js';
export type { DeployOptions, DeployOutcome } from './deploy/deployer.js';
export type { DeployAction } from './deploy/plan.js';
export type { RestorePolicy } from './deploy/restore.js';
export type { PruneOptions, PruneOutcome } from './deploy/usage.js';
export type { Duration } from './durations.js';
export { formatDuration, parseDuration } from './durations.js';
export {
  DeployError,
  FunctionCallError,
  InvalidArgumentError,
  InvalidDefinitionError,
  InvalidPayloadError,
  RedisFunctionsError,
  UnavailableError,
  UnexpectedReplyError,
} from './errors.js';
export { assertHashTag, encodeKeyPart } from './keys.js';
export type { FunctionInfo, LibraryInfo, ListOptions } from './manage/list.js';
export type { Primary } from './manage/manager.js';
export type { DeployedLibrary } from './manage/merge.js';
export type { RunningFunction, ServerStats } from './manage/running.js';
export type { ServerInfo } from './manage/server-info.js';
export type { CallOptions, RedisFunctionsOptions } from './options.js';
export type { Payload } from './payload/read-payload.js';
export { readPayload } from './payload/read-payload.js';
export { writePayload } from './payload/write-payload.js';
export { createRedisFunctions, RedisFunctions } from './redis-functions.js';
export { toArray, toBoolean, toInteger, toNullable, toOneOf, toText, toTextOrNull } from './replies.js';
export type { CallEvent, DefineEvent, DeployEvent } from './telemetry/channels.js';
export type { LibraryConnection } from './use-library.js';
export { useLibrary } from './use-library.js';

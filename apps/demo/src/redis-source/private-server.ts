import { findOnPath, startRedis } from '@redis-functions/testing';
import type { RedisSource } from './redis-source.js';

/** A server of the shop's own from the PATH: its data outlives the shop, its process does not. */
export async function startPrivateServer(env: NodeJS.ProcessEnv, directory: string): Promise<RedisSource | undefined> {
  const server = findOnPath(env);
  if (server === undefined) return undefined;
  const redis = await startRedis({ server, directory, args: ['--appendonly', 'yes'] });
  return {
    connection: { url: redis.url },
    description: `a private ${server} on port ${redis.port}, data in ${directory}`,
    mode: 'auto',
    force: true,
    stop: () => redis.stop(),
  };
}

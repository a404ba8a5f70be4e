import { type RedisFunctionsOptions, redactUrl } from '@redis-functions/core';
import { startEmbedded } from './embedded.js';
import { startPrivateServer } from './private-server.js';

/** How to get there. */
export type Connection = Pick<RedisFunctionsOptions, 'url' | 'cluster'>;

/** Where the shop's data lives, and how to end it. */
export interface RedisSource {
  readonly connection: Connection;
  /** For the line that the shop prints at start. */
  readonly description: string;
  readonly mode: NonNullable<RedisFunctionsOptions['mode']>;
  /** A private server belongs to this checkout: its libraries follow the files, whatever their version says. */
  readonly force: boolean;
  stop(): Promise<void>;
}

/**
 * REDIS_CLUSTER (URLs of some nodes, with commas between them), else REDIS_URL, else a private server from the PATH, else an engine inside this process.
 *
 * @param directory Where a private server keeps its data.
 */
export async function openRedisSource(env: NodeJS.ProcessEnv, directory: string): Promise<RedisSource> {
  const given = { mode: 'auto' as const, force: false, stop: async () => {} };
  const nodes = env['REDIS_CLUSTER']?.split(',');
  if (nodes) {
    return {
      ...given,
      connection: { cluster: { nodes } },
      description: `REDIS_CLUSTER, ${nodes.map((node) => redactUrl(node)).join()}`,
    };
  }
  const url = env['REDIS_URL'];
  if (url) return { ...given, connection: { url }, description: `REDIS_URL, ${redactUrl(url)}` };
  return (await startPrivateServer(env, directory)) ?? (await startEmbedded());
}

import { type RedisFunctionsOptions, redactUrl } from '@redis-functions/core';
import { startEmbedded } from './embedded.js';
import { startPrivateServer } from './private-server.js';

/** Where the shop's data lives, and how to end it. */
export interface RedisSource {
  readonly url: string;
  /** For the line that the shop prints at start. */
  readonly description: string;
  readonly mode: NonNullable<RedisFunctionsOptions['mode']>;
  /** A private server belongs to this checkout: its libraries follow the files, whatever their version says. */
  readonly force: boolean;
  stop(): Promise<void>;
}

/**
 * REDIS_URL, else a private server from the PATH, else an engine inside this process.
 *
 * @param directory Where a private server keeps its data.
 */
export async function openRedisSource(env: NodeJS.ProcessEnv, directory: string): Promise<RedisSource> {
  const url = env['REDIS_URL'];
  if (url) {
    const description = `REDIS_URL, ${redactUrl(url)}`;
    return { url, description, mode: 'auto', force: false, stop: async () => {} };
  }
  return (await startPrivateServer(env, directory)) ?? (await startEmbedded());
}

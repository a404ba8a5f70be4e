import type { ConnectionOptions } from '../connection/options.js';
import { type ServerAddress, toAddress } from '../connection/server-address.js';
import { CliError } from '../output/cli-error.js';
import { findServer } from './where.js';

export interface WhereOptions extends ConnectionOptions {
  readonly ownServer?: boolean;
}

/** Runs work on the server of the options, or on one that is started for it and removed afterwards. */
export async function withServer<Result>(
  options: WhereOptions,
  env: Readonly<Record<string, string | undefined>>,
  work: (address: ServerAddress) => Promise<Result>,
): Promise<Result> {
  if (!options.ownServer) return work(await findServer(options, env));
  if (options.url !== undefined) throw new CliError('Both --own-server and --url are given. Give one.', 2);
  const { startRedis } = await import('@redis-functions/testing');
  const server = await startRedis().catch((cause: Error) => {
    throw new CliError(cause.message, 1, { cause });
  });
  try {
    return await work(toAddress(server.url));
  } finally {
    await server.stop();
  }
}

import { type ConnectionOptions, DEFAULT_URL } from '../connection/options.js';
import { sentinelNodes } from '../connection/sentinel-nodes.js';
import { type ServerAddress, toAddress } from '../connection/server-address.js';
import { CliError } from '../output/cli-error.js';
import { LdbConnection } from './ldb-connection.js';

/**
 * The server to debug on: the one of the URL, the primary that sentinels name, or, in a cluster, the first node that
 * answers; it sends on to the owner of the keys.
 */
export async function findServer(
  { url, cluster, sentinel, timeout }: ConnectionOptions,
  env: Readonly<Record<string, string | undefined>>,
): Promise<ServerAddress> {
  if (cluster && sentinel !== undefined) {
    throw new CliError('Both --cluster and --sentinel are given. Give the one that the server is.', 2);
  }
  const urls = (url ?? (env['REDIS_URL'] || DEFAULT_URL)).split(',').map((each) => each.trim());
  if (sentinel !== undefined) return primaryOf(sentinel, urls, env, timeout);
  if (cluster) return firstThatAnswers(urls, timeout);
  if (urls.length > 1) throw new CliError('Several URLs are given. Add --cluster, or --sentinel NAME.', 2);
  return toAddress(urls[0] ?? '');
}

async function firstThatAnswers(urls: readonly string[], timeoutMs: number): Promise<ServerAddress> {
  let failure: unknown;
  for (const url of urls) {
    const address = toAddress(url);
    try {
      (await LdbConnection.open(address, timeoutMs)).close();
      return address;
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

async function primaryOf(
  name: string,
  urls: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  timeoutMs: number,
): Promise<ServerAddress> {
  let failure: unknown;
  for (const url of sentinelNodes(urls, env)) {
    try {
      const sentinel = await LdbConnection.open(toAddress(url, 26_379), timeoutMs);
      try {
        const reply = await sentinel.request(['SENTINEL', 'GET-MASTER-ADDR-BY-NAME', name]);
        if (Array.isArray(reply)) {
          const [host, port] = reply;
          return { ...toAddress(urls[0] ?? ''), host: String(host), port: Number(port) };
        }
        failure = new CliError(`The sentinel ${sentinel.name} knows no primary "${name}". Check --sentinel.`);
      } finally {
        sentinel.close();
      }
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

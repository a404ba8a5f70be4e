import type { ConnectionOptions } from '@redis-functions/rate-limit';

const DEFAULT_URL = 'redis://localhost:6379';

/** The server that was given; else that of the environment's REDIS_URL, else redis://localhost:6379. */
export function serverOf({ client, url, functions }: ConnectionOptions): ConnectionOptions {
  const given = { ...(client && { client }), ...(url !== undefined && { url }), ...(functions && { functions }) };
  // an empty REDIS_URL is one that was not set
  return Object.keys(given).length > 0 ? given : { url: process.env['REDIS_URL'] || DEFAULT_URL };
}

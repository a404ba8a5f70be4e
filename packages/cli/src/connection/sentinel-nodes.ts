import { redactUrl } from '@redis-functions/core';
import type { Terminal } from '../output/terminal.js';

/**
 * The URLs for asking the sentinels. The user and the password of a URL are for the servers, and are tried on the sentinels
 * as well; those of the environment are for sentinels that have others.
 *
 * @throws InvalidArgumentError for what is no URL of Redis.
 */
export function sentinelNodes(urls: readonly string[], env: Terminal['env']): string[] {
  return urls.map((text) => {
    redactUrl(text);
    const url = new URL(text);
    const { REDIS_SENTINEL_USERNAME: username, REDIS_SENTINEL_PASSWORD: password } = env;
    if (username !== undefined || password !== undefined) url.username = username ?? '';
    if (password !== undefined) url.password = password;
    // a sentinel that wants no password takes any, but only beside a name
    if (url.password !== '' && url.username === '') url.username = 'default';
    return url.href;
  });
}

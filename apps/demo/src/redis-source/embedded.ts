import type { RedisSource } from './redis-source.js';

/**
 * A Redis made of JavaScript, for a look at the shop on a machine without a server. It reads function libraries by
 * their text and cannot load every one, so the libraries run as scripts.
 */
export async function startEmbedded(): Promise<RedisSource> {
  const { createRedisMock } = await import('js-redis-server').catch((cause) => {
    throw new Error(
      'There is no redis-server or valkey-server on the PATH, and the embedded engine is not installed. ' +
        'Install a server, or set REDIS_URL.',
      { cause },
    );
  });
  const engine = await createRedisMock();
  const address = engine.addresses()[0];
  if (!address) throw new Error('The embedded engine did not open a port. Install a server, or set REDIS_URL.');
  return {
    connection: { url: `redis://${address.host}:${address.port}` },
    description: 'an embedded engine, for trying out: it keeps nothing. Install redis-server or set REDIS_URL for more',
    mode: 'scripts',
    force: false,
    stop: () => engine.close(),
  };
}

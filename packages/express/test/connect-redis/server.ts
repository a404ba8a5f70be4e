import { type RedisServer, startRedis } from '@redis-functions/testing';

/** The server of connect-redis's tests, which read the port before each connection. */
export let port = '';
let redis: RedisServer | undefined;

export async function connect(): Promise<void> {
  redis = await startRedis();
  port = String(redis.port);
}

export async function disconnect(): Promise<void> {
  await redis?.stop();
}

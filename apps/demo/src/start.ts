import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type RedisFunctions, RedisFunctionsError } from '@redis-functions/core';
import { REDIS_FUNCTIONS } from '@redis-functions/nestjs';
import { IS_SUPERVISED } from './cluster/ask-supervisor.js';
import { openRedisSource, type RedisSource } from './redis-source/redis-source.js';
import { openRoutingKey } from './routing-key.js';
import { createShop } from './shop.js';

/** Git-ignored; the same folder whether the shop runs from src/ or from dist/. */
const DATA = fileURLToPath(new URL('../../../.data', import.meta.url));

export interface RunningShop {
  readonly url: string;
  /** Ends the shop, then the server that it started. */
  stop(): Promise<void>;
}

/**
 * Starts the shop as its environment says: `PORT` (3000), `HOST` (127.0.0.1: whoever reaches the shop may press all its
 * buttons, so that other machines reach it only where somebody wants it), `REDIS_CLUSTER` or `REDIS_URL` (else a private
 * server, else an embedded engine), `REDIS_AWAY=exit` (to end instead of waiting for a server that is away),
 * `SESSION_ROUTING_KEY`, `SHOP_DATA` (the folder of a private server's data and of the routing key; `.data` of the
 * checkout).
 */
export async function startShop(env: NodeJS.ProcessEnv): Promise<RunningShop> {
  const port = toPort(env['PORT'] ?? '3000');
  const host = env['HOST'] || '127.0.0.1';
  const onUnavailableAtStart = toPolicy(env['REDIS_AWAY'] ?? 'wait');
  const data = env['SHOP_DATA'] ?? DATA;
  const source = await openRedisSource(env, join(data, 'redis'));
  try {
    const { connection, mode, force } = source;
    const routingKey = openRoutingKey(env, join(data, 'routing-key'));
    const app = await createShop({ ...connection, mode, force, onUnavailableAtStart, routingKey });
    await app.listen(port, host).catch(async (error) => {
      await app.close();
      throw explainListen(error, host, port);
    });
    const shopUrl = `http://localhost:${(app.getHttpServer().address() as AddressInfo).port}`;
    if (!IS_SUPERVISED) {
      console.log(`The shop is open: ${shopUrl}`);
      console.log(`It runs on ${source.description} (${await describe(app.get(REDIS_FUNCTIONS))}).`);
    }
    return { url: shopUrl, stop: () => stop(app, source) };
  } catch (error) {
    await source.stop();
    throw error;
  }
}

async function stop(app: { close(): Promise<void> }, source: RedisSource): Promise<void> {
  try {
    await app.close();
  } finally {
    await source.stop();
  }
}

async function describe(functions: RedisFunctions): Promise<string> {
  try {
    const [{ kind, version }, mode] = await Promise.all([functions.server(), functions.mode()]);
    return `${kind} ${version}, ${mode} mode`;
  } catch (error) {
    if (!(error instanceof RedisFunctionsError)) throw error;
    return 'not there yet';
  }
}

function toPort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port >= 0 && port <= 65_535) return port;
  throw new Error(`PORT is ${JSON.stringify(text)}. Give a number from 0 to 65535.`);
}

function toPolicy(text: string): 'retry' | 'fail' {
  if (text === 'wait') return 'retry';
  if (text === 'exit') return 'fail';
  throw new Error(`REDIS_AWAY is ${JSON.stringify(text)}. Give "wait" or "exit".`);
}

function explainListen(error: NodeJS.ErrnoException, host: string, port: number): Error {
  if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND') {
    return new Error(
      `HOST is ${JSON.stringify(host)}, no address of this machine. Leave it out, or give 0.0.0.0 for all.`,
    );
  }
  if (error.code !== 'EADDRINUSE') return error;
  return new Error(`Port ${port} is taken. Stop what uses it, or choose another: PORT=${port + 1} npm start`);
}

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from 'redis';
import { ServerStartError } from './errors.js';
import { findServer } from './find-server.js';
import { freePort } from './free-port.js';
import { keep } from './keeper.js';
import { ServerProcess } from './server-process.js';

export interface StartRedisOptions {
  /** Path of a redis-server or valkey-server. Default: see `findServer`. */
  server?: string;
  /** Default: a free one. */
  port?: number;
  /** Where the server keeps its files. A given folder is made if need be, and stays. Default: a temporary one. */
  directory?: string;
  /** Further arguments, such as `['--appendonly', 'yes']`. Default: none, and no persistence. */
  args?: readonly string[];
}

/** A real server of one's own on 127.0.0.1. */
export interface RedisServer {
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly pid: number;
  /** Sends one command on a connection of its own, for looking behind the code under test. */
  command(...command: string[]): Promise<unknown>;
  /** Ends it at once, as a crash does (SIGKILL). */
  kill(): Promise<void>;
  /** Freezes it: connections stay open and nothing answers (SIGSTOP). */
  pause(): void;
  resume(): void;
  /** Ends it in order and removes what it left behind. Safe to repeat. */
  stop(): Promise<void>;
}

const HOST = '127.0.0.1';
const ATTEMPTS = 5;

/**
 * Starts a server and waits until it answers. It ends with this process, however that ends.
 *
 * @throws ServerNotFoundError, ServerStartError.
 */
export async function startRedis(options: StartRedisOptions = {}): Promise<RedisServer> {
  const binary = options.server ?? findServer();
  const directory = options.directory ?? mkdtempSync(join(tmpdir(), 'redis-functions-'));
  if (options.directory === undefined) keep.folder(directory);
  else mkdirSync(directory, { recursive: true });

  const { process, port } = await startOnPort(binary, directory, options);
  const url = `redis://${HOST}:${port}`;
  return {
    url,
    host: HOST,
    port,
    pid: process.pid,
    command: (...command) => sendOnce(url, command),
    kill: () => process.end('SIGKILL'),
    pause: () => process.signal('SIGSTOP'),
    resume: () => process.signal('SIGCONT'),
    async stop() {
      process.signal('SIGCONT');
      await process.end('SIGTERM');
      if (options.directory !== undefined) return;
      rmSync(directory, { recursive: true, force: true });
      keep.removeFolder(directory);
    },
  };
}

/** A port found free can be taken before the server opens it: another one, unless the caller wanted this one. */
async function startOnPort(binary: string, directory: string, { port: wanted, args = [] }: StartRedisOptions) {
  for (let attempt = 1; ; attempt++) {
    const port = wanted ?? (await freePort());
    const base = ['--port', String(port), '--bind', HOST, '--dir', directory, '--save', '', '--daemonize', 'no'];
    try {
      return { process: await ServerProcess.start(binary, [...base, ...args]), port };
    } catch (error) {
      const taken = error instanceof ServerStartError && /in use|bind/i.test(error.message);
      if (!taken || wanted !== undefined || attempt === ATTEMPTS) throw error;
    }
  }
}

async function sendOnce(url: string, command: string[]): Promise<unknown> {
  const client = createClient({ url });
  client.on('error', () => {});
  await client.connect();
  try {
    return await client.sendCommand(command);
  } finally {
    client.destroy();
  }
}

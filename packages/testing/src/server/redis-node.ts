import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InvalidArgumentError } from '@redis-functions/core';
import { ServerStartError } from '../errors.js';
import { freePort } from '../process/free-port.js';
import { keep } from '../process/keeper.js';
import { ServerProcess } from '../process/server-process.js';
import { type Connection, connect, withConnection } from './connection.js';
import type { ClientTls, RedisServer } from './redis-server.js';

export const HOST = '127.0.0.1';

const ATTEMPTS = 5;
const READY = /Ready to accept connections/;
/** A server with files to save gets this long for it. */
const SAVE_MS = 10_000;

/** How to start a server; everything is decided. */
export interface LaunchPlan {
  binary: string;
  /** Stays when the server stops. Absent: a temporary one, removed with the server. */
  directory?: string | undefined;
  /** Absent: a free one. */
  port?: number | undefined;
  startTimeoutMs: number;
  ready?: RegExp;
  /** Writes what the server reads and says its command line. Asked anew when a port turns out to be taken. */
  commandLine(place: Place): readonly string[];
  /** Name and password for `url` and for `command`. */
  login?: { user: string; password: string } | undefined;
  users?: Readonly<Record<string, string | undefined>>;
  tls?: ClientTls | undefined;
}

/** Where a server runs. */
export interface Place {
  readonly directory: string;
  readonly port: number;
  /** For the bus of a cluster. */
  readonly busPort: number;
}

export class RedisNode implements RedisServer {
  readonly host = HOST;
  readonly #plan: LaunchPlan;
  readonly #place: Place;
  readonly #commandLine: readonly string[];
  #process: ServerProcess;
  declare readonly tls?: ClientTls;

  protected constructor(plan: LaunchPlan, place: Place, commandLine: readonly string[], process: ServerProcess) {
    this.#plan = plan;
    this.#place = place;
    this.#commandLine = commandLine;
    this.#process = process;
    if (plan.tls) this.tls = plan.tls;
  }

  /** @throws ServerStartError. */
  static async launch(plan: LaunchPlan, pickPort: () => Promise<number> = freePort): Promise<RedisNode> {
    const directory = openDirectory(plan.directory);
    try {
      for (let attempt = 1; ; attempt++) {
        const place = { directory, port: plan.port ?? (await pickPort()), busPort: await pickPort() };
        const commandLine = plan.commandLine(place);
        try {
          return new RedisNode(plan, place, commandLine, await startProcess(plan, commandLine));
        } catch (error) {
          // a port found free can be taken before the server opens it: another one, unless the caller wanted this one
          const again = error instanceof ServerStartError && error.code === 'PORT_IN_USE' && plan.port === undefined;
          if (!again || attempt === ATTEMPTS) throw error;
        }
      }
    } catch (error) {
      if (plan.directory === undefined) removeDirectory(directory);
      throw error;
    }
  }

  get port(): number {
    return this.#place.port;
  }

  get busPort(): number {
    return this.#place.busPort;
  }

  get directory(): string {
    return this.#place.directory;
  }

  get pid(): number {
    return this.#process.pid;
  }

  get isRunning(): boolean {
    return this.#process.isRunning;
  }

  get isPaused(): boolean {
    return this.#process.isPaused;
  }

  get log(): string {
    return this.#process.log;
  }

  get url(): string {
    const { login } = this.#plan;
    return this.#urlWith(login?.user, login?.password);
  }

  urlFor(user: string): string {
    const users = this.#plan.users ?? {};
    if (!Object.hasOwn(users, user)) {
      throw new InvalidArgumentError('user', `There is no user "${user}". Name one of the option users.`);
    }
    return this.#urlWith(user, users[user] ?? 'any');
  }

  #urlWith(user?: string, password?: string): string {
    const credentials = user && password ? `${encodeURIComponent(user)}:${encodeURIComponent(password)}@` : '';
    return `${this.tls ? 'rediss' : 'redis'}://${credentials}${HOST}:${this.port}`;
  }

  /** For several commands in a row. */
  connect(): Promise<Connection> {
    return connect(this);
  }

  command(...command: string[]): Promise<unknown> {
    return withConnection(this, ({ send }) => send(...command));
  }

  kill(): Promise<void> {
    return this.#process.end('SIGKILL');
  }

  pause(): void {
    this.#process.pause();
  }

  resume(): void {
    this.#process.resume();
  }

  async restart(): Promise<void> {
    this.resume();
    await this.#process.end('SIGTERM', SAVE_MS);
    this.#process = await startProcess(this.#plan, this.#commandLine);
  }

  async stop(): Promise<void> {
    const isTemporary = this.#plan.directory === undefined;
    if (!isTemporary) this.resume();
    // nothing to save in a folder that goes away; a primary would also wait up to 10 s for its replicas
    await this.#process.end(isTemporary ? 'SIGKILL' : 'SIGTERM', SAVE_MS);
    if (isTemporary) removeDirectory(this.directory);
  }
}

function startProcess({ binary, ready = READY, startTimeoutMs }: LaunchPlan, commandLine: readonly string[]) {
  return ServerProcess.start(binary, commandLine, { ready, timeoutMs: startTimeoutMs });
}

function openDirectory(given: string | undefined): string {
  if (given !== undefined) {
    mkdirSync(given, { recursive: true });
    return realpathSync(given);
  }
  const directory = mkdtempSync(join(realpathSync(tmpdir()), 'redis-functions-'));
  keep.folder(directory);
  return directory;
}

function removeDirectory(directory: string): void {
  rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
  keep.releaseFolder(directory);
}

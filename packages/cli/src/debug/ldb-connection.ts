import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { describeAddress, type ServerAddress } from '../connection/server-address.js';
import { CliError } from '../output/cli-error.js';
import { type Reply, ReplyReader, ServerError } from './resp.js';

/**
 * A connection of its own for the debugger: once a script runs under it, the server answers with arrays of status lines,
 * pushes the script's reply after the last of them, and closes. No client library expects that.
 */
export class LdbConnection {
  readonly name: string;
  readonly #socket: Socket;
  readonly #timeoutMs: number;
  readonly #reader = new ReplyReader();
  readonly #replies: Reply[] = [];
  #waiting: { resolve(reply: Reply): void; reject(error: Error): void } | undefined;
  #lost: Error | undefined;

  private constructor(socket: Socket, name: string, timeoutMs: number) {
    this.#socket = socket;
    this.name = name;
    this.#timeoutMs = timeoutMs;
    socket.setNoDelay(true).setKeepAlive(true, 10_000);
    socket.on('data', (chunk) => this.#take(chunk));
    socket.on('error', (error) => this.#lose(error));
    socket.on('close', () => this.#lose());
  }

  /** @throws CliError where nobody answers in time, or nobody is let in. */
  static async open(address: ServerAddress, timeoutMs: number): Promise<LdbConnection> {
    const { host, port, isTls, username, password, database } = address;
    const name = describeAddress(address);
    const socket = isTls ? connectTls({ host, port, servername: host }) : connectTcp({ host, port });
    try {
      await once(socket, isTls ? 'secureConnect' : 'connect', { signal: AbortSignal.timeout(timeoutMs) });
    } catch (cause) {
      socket.on('error', () => {}).destroy();
      const reason = (cause as Error).name === 'AbortError' ? `no answer in ${timeoutMs} ms` : (cause as Error).message;
      throw new CliError(`${name} cannot be reached (${reason}). Check that it runs, and --url.`, 1, { cause });
    }
    const connection = new LdbConnection(socket, name, timeoutMs);
    try {
      if (password !== '') await connection.#enter(username === '' ? ['AUTH', password] : ['AUTH', username, password]);
      if (database !== 0) await connection.#enter(['SELECT', String(database)]);
      return connection;
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  async #enter(command: readonly string[]): Promise<void> {
    const reply = await this.request(command);
    if (!(reply instanceof ServerError)) return;
    throw new CliError(`${this.name} refuses ${command[0]}: ${reply.message} Check the URL.`, 1, { cause: reply });
  }

  /** Sends a command, and waits for its reply no longer than the timeout. @throws CliError where none comes. */
  async request(command: readonly string[]): Promise<Reply> {
    const late = setTimeout(() => {
      this.#socket.destroy(new Error(`no answer in ${this.#timeoutMs} ms`));
    }, this.#timeoutMs);
    try {
      return await this.run(command);
    } finally {
      clearTimeout(late);
    }
  }

  /** Sends a command, and waits for its reply as long as it takes. @throws CliError where the connection is lost. */
  run(command: readonly string[]): Promise<Reply> {
    this.#socket.write(encode(command));
    return this.next();
  }

  /** The next reply, asked for or not. */
  next(): Promise<Reply> {
    const ready = this.#replies.shift();
    if (ready !== undefined) return Promise.resolve(ready);
    if (this.#lost) return Promise.reject(this.#lost);
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    try {
      this.#replies.push(...this.#reader.push(chunk));
    } catch (error) {
      this.#socket.destroy(error as Error);
      return;
    }
    const waiting = this.#waiting;
    const reply = waiting ? this.#replies.shift() : undefined;
    if (reply === undefined) return;
    this.#waiting = undefined;
    waiting?.resolve(reply);
  }

  #lose(cause?: Error): void {
    this.#lost ??= new CliError(
      `The connection to ${this.name} is lost${cause ? ` (${cause.message})` : ''}. ` +
        'Check that the server still runs, and look into its log; then begin again.',
      1,
      { cause },
    );
    this.#waiting?.reject(this.#lost);
    this.#waiting = undefined;
  }
}

function encode(command: readonly string[]): string {
  return `*${command.length}\r\n${command.map((part) => `$${Buffer.byteLength(part)}\r\n${part}\r\n`).join('')}`;
}

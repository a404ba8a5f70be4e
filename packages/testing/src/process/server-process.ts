import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { ServerOutput } from '../coverage/server-output.js';
import { ServerStartError } from '../errors.js';
import { keep } from './keeper.js';

const LOG_CHARACTERS = 64_000;
const LAST_WORDS_MS = 2_000;
const PORT_TAKEN = /Address already in use|Failed listening on port/;

export interface StartWith {
  /** What the server says when it answers. */
  ready: RegExp;
  timeoutMs: number;
}

/** One running server process, watched by the keeper. */
export class ServerProcess {
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  #log = '';
  #paused = false;

  private constructor(binary: string, args: readonly string[]) {
    // a group of its own: Ctrl-C in the terminal goes to its owner, who stops it in order
    this.#child = spawn(binary, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    const { pid } = this.#child;
    if (pid !== undefined) keep.process(pid);
    this.#ended = new Promise((resolve) => {
      this.#child.once('error', () => resolve());
      this.#child.once('exit', () => {
        if (pid !== undefined) keep.releaseProcess(pid);
        // what it said last is still in its pipes, the hits of its libraries included; somebody it forked may hold them open
        const impatience = setTimeout(resolve, LAST_WORDS_MS);
        this.#child.once('close', () => {
          clearTimeout(impatience);
          resolve();
        });
      });
    });
    for (const pipe of this.#pipes) {
      const output = new ServerOutput();
      pipe.setEncoding('utf8').on('data', (chunk: string) => {
        this.#log = (this.#log + output.take(chunk)).slice(-LOG_CHARACTERS);
      });
    }
  }

  /**
   * Starts the binary and waits until it says that it answers.
   *
   * @throws ServerStartError with the server's last words.
   */
  static async start(binary: string, args: readonly string[], { ready, timeoutMs }: StartWith): Promise<ServerProcess> {
    const server = new ServerProcess(binary, args);
    try {
      await server.#saidWithin(ready, timeoutMs);
    } catch (cause) {
      await server.end('SIGKILL');
      const words = server.log.trim().split('\n').slice(-3).join(' | ') || 'nothing';
      throw new ServerStartError(
        PORT_TAKEN.test(server.log) ? 'PORT_IN_USE' : 'SERVER_START_FAILED',
        `${binary} did not start (${(cause as Error).message}); it said: ${words}. Run it by hand with the same arguments.`,
        { cause },
      );
    }
    server.#letOwnerEnd();
    return server;
  }

  #saidWithin(ready: RegExp, timeoutMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`not ready after ${timeoutMs} ms`)), timeoutMs);
      const settle = (action: () => void) => {
        clearTimeout(timer);
        action();
      };
      this.#child.stdout?.on('data', () => ready.test(this.#log) && settle(resolve));
      this.#child.once('error', (error) => settle(() => reject(error)));
      // close rather than exit: what it said last has been read by then
      this.#child.once('close', (code, signal) =>
        settle(() => reject(new Error(`it ended with ${signal ?? `exit code ${code}`}`))),
      );
    });
  }

  /** A forgotten server must not keep its owner alive: the keeper ends it. */
  #letOwnerEnd(): void {
    this.#child.unref();
    for (const pipe of this.#pipes) pipe.unref();
  }

  get #pipes(): readonly Socket[] {
    return [this.#child.stdout, this.#child.stderr].filter((pipe) => pipe !== null) as unknown as Socket[];
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  get isRunning(): boolean {
    return this.#child.pid !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  get isPaused(): boolean {
    return this.#paused && this.isRunning;
  }

  /** The last of what it printed. */
  get log(): string {
    return this.#log;
  }

  pause(): void {
    if (this.isRunning) this.#paused = this.#child.kill('SIGSTOP');
  }

  resume(): void {
    if (this.isRunning) this.#child.kill('SIGCONT');
    this.#paused = false;
  }

  /** Sends the signal and waits for the end; after `patienceMs` it sends SIGKILL, the only one that a paused process hears. */
  async end(signal: 'SIGTERM' | 'SIGKILL', patienceMs = 0): Promise<void> {
    if (!this.isRunning) return;
    this.#child.ref();
    for (const pipe of this.#pipes) pipe.ref();
    if (signal === 'SIGTERM') this.#child.kill('SIGTERM');
    else this.#killGroup();
    const impatience = signal === 'SIGTERM' ? setTimeout(() => this.#killGroup(), patienceMs) : undefined;
    await this.#ended;
    clearTimeout(impatience);
  }

  /** The server and what it forked: a save that goes on would write into a folder that is being removed. */
  #killGroup(): void {
    try {
      process.kill(-this.pid, 'SIGKILL');
    } catch {
      // it ended by itself in the meantime
    }
  }
}

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { ServerStartError } from './errors.js';
import { keep } from './keeper.js';

const READY = 'Ready to accept connections';
const START_TIMEOUT_MS = 15_000;

/** One running server process, watched by the keeper. */
export class ServerProcess {
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#exited = child.exitCode === null ? once(child, 'exit') : Promise.resolve();
  }

  /**
   * Starts the binary and waits until it says that it accepts connections.
   *
   * @throws ServerStartError with the server's last words.
   */
  static async start(binary: string, args: readonly string[]): Promise<ServerProcess> {
    // a group of its own: Ctrl-C in the terminal goes to its owner, who stops it in order
    const child = spawn(binary, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    const { promise, resolve, reject } = withResolvers();
    let output = '';
    const timer = setTimeout(() => reject(new Error(`not ready after ${START_TIMEOUT_MS} ms`)), START_TIMEOUT_MS);
    const listen = (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-4_000);
      if (output.includes(READY)) resolve();
    };
    child.stdout?.on('data', listen);
    child.stderr?.on('data', listen);
    child.once('error', reject);
    child.once('exit', (code, signal) => reject(new Error(`ended with ${signal ?? `exit code ${code}`}`)));
    if (child.pid !== undefined) keep.process(child.pid);
    try {
      await promise;
    } catch (cause) {
      child.kill('SIGKILL');
      const words = output.trim().split('\n').slice(-3).join(' | ') || 'nothing';
      throw new ServerStartError(
        `${binary} did not start; it said: ${words}. Run it by hand with the same arguments.`,
        {
          cause,
        },
      );
    } finally {
      clearTimeout(timer);
      child.stdout?.off('data', listen).resume();
      child.stderr?.off('data', listen).resume();
    }
    return new ServerProcess(child);
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  signal(signal: NodeJS.Signals): void {
    if (this.isRunning) this.#child.kill(signal);
  }

  /** Sends the signal and waits for the end. A paused process hears SIGKILL only. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    if (this.isRunning) {
      this.#child.kill(signal);
      await this.#exited;
    }
    keep.releaseProcess(this.pid);
  }
}

function withResolvers() {
  let resolve!: () => void;
  let reject!: (reason: Error) => void;
  const promise = new Promise<void>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

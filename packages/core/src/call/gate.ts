import type { ClientPort } from '../client/port.js';
import { RedisFunctionsError, UnavailableError } from '../errors.js';
import type { Lease } from './deadline.js';
import { fcallRunner, type Runner } from './runner.js';
import { ScriptRunner } from './scripts.js';
import { toCallError } from './server-error.js';
import { WaitingRoom } from './waiting-room.js';

/** What a fault happened to, for its message. */
export interface Place {
  readonly library: string | undefined;
  readonly functionName: string;
}

export const NOWHERE: Place = { library: undefined, functionName: '' };

/** Between calls and the port: waits for a connection, finds out how functions run here, and names what goes wrong. */
export class Gate {
  readonly port: ClientPort;
  readonly #wantedMode: 'auto' | 'functions' | 'scripts';
  readonly #waitingRoom: WaitingRoom;
  #runner: Runner | undefined;

  constructor(port: ClientPort, mode: 'auto' | 'functions' | 'scripts') {
    this.port = port;
    this.#waitingRoom = new WaitingRoom(() => port.whenReady());
    this.#wantedMode = mode;
  }

  /** Without waiting: undefined while there is no connection, or before the server was asked. */
  get open(): Runner | undefined {
    return this.port.isReady ? this.#runner : undefined;
  }

  async connected(lease: Lease): Promise<void> {
    if (!this.port.isReady) await this.#waitingRoom.enter(lease, () => this.#expiredError());
    this.refuseExpired(lease);
  }

  async runner(lease: Lease): Promise<Runner> {
    await this.connected(lease);
    this.#runner ??= await this.#chooseRunner();
    return this.#runner;
  }

  /** Its caller has been told that it timed out: sending it now would run it behind their back. */
  refuseExpired(lease: Lease): void {
    if (lease.expired) throw this.#expiredError();
  }

  async explaining<T>(place: Place, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw this.explain(error, place);
    }
  }

  explain(error: unknown, place: Place = NOWHERE): unknown {
    if (error instanceof RedisFunctionsError) return error;
    if (this.port.isServerError(error)) return toCallError(error, place);
    return new UnavailableError(
      'CONNECTION_LOST',
      `The connection to ${this.port.address} was lost during ${place.functionName || 'a command'}; whether it ran is ` +
        'unknown. Repeat it if that does no harm.',
      { cause: error },
    );
  }

  /** @param cause Why the calls that were refused until now were refused. */
  deadlineError(ms: number, cause: unknown): UnavailableError {
    const state = cause instanceof Error ? `refuses calls (${cause.message})` : this.#state();
    return new UnavailableError(
      'DEADLINE_EXCEEDED',
      `${this.port.address} ${state} for longer than the deadline of ${ms} ms. Check that the server runs and is not ` +
        'overloaded, or raise deadlineMs.',
      { cause },
    );
  }

  #expiredError(): UnavailableError {
    return this.deadlineError(0, undefined);
  }

  #state(): string {
    return this.port.isReady ? 'has not answered' : 'has not been reachable';
  }

  async #chooseRunner(): Promise<Runner> {
    if (this.#wantedMode === 'functions') return fcallRunner;
    if (this.#wantedMode === 'scripts') return new ScriptRunner();
    const node = await this.port.primaryFor(undefined);
    try {
      await node.send(['FUNCTION', 'LIST', 'LIBRARYNAME', 'none']);
      return fcallRunner;
    } catch (error) {
      // NOPERM and the like say nothing about the server: its functions may be callable all the same
      if (!this.port.isServerError(error)) throw error;
      if (!/unknown (?:sub)?command|not supported|is disabled/i.test(error.message)) return fcallRunner;
      return this.#fallBackToScripts();
    }
  }

  #fallBackToScripts(): Runner {
    // calls that began together all ask; one of them says it
    if (this.#runner) return this.#runner;
    this.#runner = new ScriptRunner();
    process.emitWarning(
      `${this.port.address} has no functions (Redis 7 and Valkey have): the libraries run as scripts, with the same results.`,
      { code: 'REDIS_FUNCTIONS_SCRIPTS_MODE' },
    );
    return this.#runner;
  }
}

import type { ClientPort, PrimaryNode } from '../client/port.js';
import type { Library } from '../define/library.js';
import { Deployer, type DeployOptions, type DeployOutcome } from '../deploy/deployer.js';
import { RedisFunctionsError, UnavailableError } from '../errors.js';
import { DeadlineTimer, type Lease } from './deadline.js';
import { fcallRunner, type PreparedCall, type Runner } from './runner.js';
import { ScriptRunner } from './scripts.js';
import { toCallError } from './server-error.js';

export interface CallerOptions {
  port: ClientPort;
  deployer: Deployer;
  mode: 'auto' | 'functions' | 'scripts';
  policy: 'deploy' | 'verify' | 'none';
  deadlineMs: number;
}

/** The way of a call: wait for a connection, have the library there, send, heal once, and end by the deadline. */
export class Caller {
  readonly #port: ClientPort;
  readonly #deployer: Deployer;
  readonly #policy: CallerOptions['policy'];
  readonly #deadline: DeadlineTimer;
  readonly #prepared = new Set<Library>();
  readonly #preparing = new Map<Library, Promise<void>>();
  readonly #wantedMode: CallerOptions['mode'];
  #runner: Runner | undefined;

  constructor({ port, deployer, mode, policy, deadlineMs }: CallerOptions) {
    this.#port = port;
    this.#deployer = deployer;
    this.#policy = policy;
    this.#wantedMode = mode;
    this.#deadline = this.deadline(deadlineMs);
  }

  call(call: PreparedCall, deadline = this.#deadline): Promise<unknown> {
    return deadline.run((lease) => this.#attempt(call, lease));
  }

  /** For calls that may take less, or more, than the others of this client. */
  deadline(ms: number): DeadlineTimer {
    return new DeadlineTimer(ms, () => this.#deadlineError(ms));
  }

  async mode(): Promise<Runner['mode']> {
    return (await this.#deadline.run((lease) => this.#ready(lease))).mode;
  }

  async deploy(libraries: readonly Library[], options?: DeployOptions): Promise<DeployOutcome[]> {
    return this.#deadline.run(async (lease) => {
      const runner = await this.#ready(lease);
      if (runner.mode === 'scripts') return [];
      const deployer = options ? new Deployer(this.#port, options) : this.#deployer;
      const outcomes = await this.#translated(undefined, '', () => deployer.deploy(libraries));
      for (const library of libraries) this.#prepared.add(library);
      return outcomes;
    });
  }

  withNode<T>(work: (node: PrimaryNode) => Promise<T>): Promise<T> {
    return this.#deadline.run(async (lease) => {
      await this.#connected(lease);
      return this.#translated(undefined, '', async () => work(await this.#port.primaryFor(undefined)));
    });
  }

  onPrimaries(work: (node: PrimaryNode) => Promise<unknown>): Promise<unknown> {
    return this.#deadline.run(async (lease) => {
      await this.#connected(lease);
      return this.#translated(undefined, '', async () => Promise.all((await this.#port.primaries()).map(work)));
    });
  }

  async #attempt(call: PreparedCall, lease: Lease): Promise<unknown> {
    const { library, functionName } = call;
    if (!this.#runner || !this.#port.isReady) await this.#ready(lease);
    if (library && !this.#prepared.has(library)) await this.#prepare(library, lease);
    const runner = this.#runner as Runner;
    try {
      return await runner.run(this.#port, call);
    } catch (error) {
      if (!library || !this.#isLost(error) || lease.expired) throw this.#explain(error, library, functionName);
    }
    // the function did not run: the server does not have it (flushed, restarted empty, a primary that joined later)
    return this.#translated(library, functionName, async () => {
      const healed = await this.#deployer.heal(library, call.keys[0]);
      if (!healed) throw notThePrimary(this.#port.address, functionName);
      return runner.run(this.#port, call);
    });
  }

  #isLost(error: unknown): boolean {
    return (
      this.#policy === 'deploy' &&
      this.#runner?.mode === 'functions' &&
      this.#port.isServerError(error) &&
      error.message.startsWith('ERR Function not found')
    );
  }

  async #prepare(library: Library, lease: Lease): Promise<void> {
    let preparing = this.#preparing.get(library);
    if (!preparing) {
      preparing = this.#bring(library).finally(() => this.#preparing.delete(library));
      this.#preparing.set(library, preparing);
    }
    await preparing;
    this.#refuseExpired(lease);
  }

  async #bring(library: Library): Promise<void> {
    if (this.#runner?.mode === 'functions') {
      if (this.#policy === 'deploy') await this.#translated(library, '', () => this.#deployer.deploy([library]));
      if (this.#policy === 'verify') await this.#translated(library, '', () => this.#deployer.verify([library]));
    }
    this.#prepared.add(library);
  }

  async #ready(lease: Lease): Promise<Runner> {
    await this.#connected(lease);
    this.#runner ??= await this.#chooseRunner();
    return this.#runner;
  }

  async #connected(lease: Lease): Promise<void> {
    if (!this.#port.isReady) await this.#port.whenReady();
    this.#refuseExpired(lease);
  }

  async #chooseRunner(): Promise<Runner> {
    if (this.#wantedMode === 'functions') return fcallRunner;
    if (this.#wantedMode === 'scripts') return new ScriptRunner();
    const node = await this.#port.primaryFor(undefined);
    try {
      await node.send(['FUNCTION', 'LIST', 'LIBRARYNAME', 'none']);
      return fcallRunner;
    } catch (error) {
      if (!this.#port.isServerError(error)) throw this.#explain(error, undefined, '');
      // NOPERM and the like say nothing about the server: its functions may be callable all the same
      if (!/unknown (?:sub)?command|not supported|is disabled/i.test(error.message)) return fcallRunner;
      // while this one asked, another call may have: the warning is worth one line, not two
      if (this.#runner) return this.#runner;
      process.emitWarning(
        `${this.#port.address} has no functions (Redis 7 and Valkey have): the libraries run as scripts, with the same results.`,
        { code: 'REDIS_FUNCTIONS_SCRIPTS_MODE' },
      );
      this.#runner = new ScriptRunner();
      return this.#runner;
    }
  }

  async #translated<T>(library: Library | undefined, functionName: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw this.#explain(error, library, functionName);
    }
  }

  #explain(error: unknown, library: Library | undefined, functionName: string): unknown {
    if (error instanceof RedisFunctionsError) return error;
    if (this.#port.isServerError(error)) return toCallError(error, { library: library?.name, functionName });
    return new UnavailableError(
      'NOT_CONNECTED',
      `The connection to ${this.#port.address} was lost during ${functionName || 'a command'}; whether it ran is unknown. ` +
        'Repeat it if that does no harm.',
      { cause: error },
    );
  }

  #refuseExpired(lease: Lease): void {
    // its caller has been told that it timed out: sending it now would run it behind their back
    if (lease.expired) throw this.#deadlineError(0);
  }

  #deadlineError(ms: number): UnavailableError {
    const state = this.#port.isReady ? 'does not answer' : 'is not reachable';
    return new UnavailableError(
      'DEADLINE_EXCEEDED',
      `${this.#port.address} ${state} within ${ms} ms. Check that the server runs and is not overloaded, or raise deadlineMs.`,
    );
  }
}

function notThePrimary(address: string, functionName: string): UnavailableError {
  return new UnavailableError(
    'NOT_PRIMARY',
    `${address} lacks ${functionName} and is not the primary (any more): a failover is under way. Try again in a moment.`,
  );
}

import { toCommand } from './call/arguments.js';
import { Caller } from './call/caller.js';
import { DeadlineTimer } from './call/deadline.js';
import { Gate, NOWHERE } from './call/gate.js';
import { type Handle, makeHandle } from './call/handle.js';
import { Preparation } from './call/preparation.js';
import { Watchdog } from './call/watchdog.js';
import type { Argument } from './define/function.js';
import type { FunctionTable, Library } from './define/library.js';
import { Deployer, type DeployOptions, type DeployOutcome } from './deploy/deployer.js';
import { librariesOf, type RestorePolicy, restoreOn } from './deploy/restore.js';
import { type PruneOptions, type PruneOutcome, Usage } from './deploy/usage.js';
import { LibrarySet } from './library-set.js';
import { type ListOptions, listLibraries } from './manage/list.js';
import { Manager, type Primary } from './manage/manager.js';
import { type DeployedLibrary, mergeLists } from './manage/merge.js';
import { killRunning, readStats, type ServerStats } from './manage/running.js';
import { readServerInfo, type ServerInfo } from './manage/server-info.js';
import { assertDeadline, type CallOptions, type RedisFunctionsOptions, resolveOptions } from './options.js';

type Key = string | Buffer;

/** Deploys libraries of Redis Functions and calls them with types. */
export class RedisFunctions {
  readonly #gate: Gate;
  readonly #libraries: LibrarySet;
  readonly #deadline: DeadlineTimer;
  readonly #deadlines = new Map<number, DeadlineTimer>();
  readonly #deployer: Deployer;
  readonly #preparation: Preparation;
  readonly #usage: Usage;
  readonly #caller: Caller;
  readonly #manager: Manager;

  /** @throws InvalidArgumentError that names the option. */
  constructor(options: RedisFunctionsOptions) {
    const { port, libraries, mode, deploy, force, deadlineMs, killBusyAfterMs } = resolveOptions(options);
    this.#gate = new Gate(port, mode);
    this.#libraries = new LibrarySet(libraries);
    this.#deadline = this.#deadlineOf(deadlineMs);
    this.#deployer = new Deployer(port, { force });
    this.#preparation = new Preparation(this.#deployer, deploy);
    this.#usage = new Usage(port);
    const watchdog = killBusyAfterMs === undefined ? undefined : new Watchdog(port, killBusyAfterMs);
    this.#caller = new Caller({
      gate: this.#gate,
      preparation: this.#preparation,
      deployer: this.#deployer,
      usage: this.#usage,
      watchdog,
    });
    this.#manager = new Manager(this.#gate, this.#deadline);
  }

  /** Where the server is, without user name and password. */
  get address(): string {
    return this.#gate.port.address;
  }

  /** The libraries of this client, those that `use()` added included. */
  get libraries(): readonly Library[] {
    return this.#libraries.all();
  }

  /** The cluster slot of a key, which all keys of a call must share; 0 where there is no cluster. */
  slotOf(key: Key): number {
    return this.#gate.port.slotOf(key);
  }

  /** Which server has the slot, as far as the client knows: for keeping apart what happens to different servers. */
  nodeOf(slot: number): string {
    return this.#gate.port.nodeOf(slot);
  }

  /** `functions` or `scripts`: what `mode: 'auto'` found. Asks the server once. */
  async mode(): Promise<'functions' | 'scripts'> {
    return (await this.#deadline.run((lease) => this.#gate.explaining(NOWHERE, () => this.#gate.runner(lease)))).mode;
  }

  /**
   * Brings every library to every server that takes writes; safe to repeat and to run from many instances at once, never a
   * downgrade. In scripts mode there is nothing to bring, and the answer is empty.
   *
   * @throws DeployError `DRIFT`, `INCOMPATIBLE`, `LOAD_REFUSED`, `NOT_REPLICATED`; UnavailableError.
   */
  async deploy(options?: DeployOptions): Promise<DeployOutcome[]> {
    if ((await this.mode()) === 'scripts') return [];
    const libraries = this.#libraries.all();
    const deployer = options ? new Deployer(this.#gate.port, options) : this.#deployer;
    const outcomes = await this.#manager.run(() => deployer.deploy(libraries));
    this.#preparation.markDone(libraries);
    return outcomes;
  }

  /** What `deploy` would do now, without doing it. @throws DeployError as `deploy`. */
  async plan(options?: DeployOptions): Promise<DeployOutcome[]> {
    if ((await this.mode()) === 'scripts') return [];
    const deployer = options ? new Deployer(this.#gate.port, options) : this.#deployer;
    return this.#manager.run(() => deployer.plan(this.#libraries.all()));
  }

  /** @throws DeployError `NOT_DEPLOYED` unless every server has every library, in this version or a newer one. */
  async verify(): Promise<void> {
    if ((await this.mode()) === 'scripts') return;
    await this.#manager.run(() => this.#deployer.verify(this.#libraries.all()));
  }

  /**
   * Removes the older major versions of this client's side-by-side libraries that nobody has called for a while, on every
   * server. Those who call leave a mark once a minute; a version without one is watched from now on.
   */
  async prune(options?: PruneOptions): Promise<PruneOutcome[]> {
    if ((await this.mode()) === 'scripts') return [];
    return this.#manager.run(() => this.#usage.prune(this.#libraries.all(), options));
  }

  /**
   * The typed functions of a library. A library that this client does not know yet is deployed before its first call.
   *
   * @throws InvalidArgumentError when this client has another library of that name.
   */
  use<F extends FunctionTable>(library: Library<F>, { deadlineMs, signal }: CallOptions = {}): Handle<F> {
    this.#libraries.add(library);
    const deadline = this.#deadlineOf(deadlineMs);
    return makeHandle(library, (call, decode) => this.#caller.call(call, decode, deadline, signal));
  }

  /** Calls a function by its name in Lua, without types. In a cluster the first key decides the server. */
  async call(
    name: string,
    keys: readonly Key[] = [],
    args: readonly Argument[] = [],
    options?: CallOptions,
  ): Promise<unknown> {
    return this.#callByName(name, keys, args, false, options);
  }

  /** Like `call`, for functions registered with `no-writes`. */
  async callReadOnly(
    name: string,
    keys: readonly Key[] = [],
    args: readonly Argument[] = [],
    options?: CallOptions,
  ): Promise<unknown> {
    return this.#callByName(name, keys, args, true, options);
  }

  /**
   * The libraries on all servers that take writes, those of others included, and what differs between the servers. In
   * scripts mode: those of this client.
   */
  async list(options?: ListOptions): Promise<DeployedLibrary[]> {
    if ((await this.mode()) === 'scripts') {
      return mergeLists([{ node: this.address, libraries: this.#libraries.describe(options) }]);
    }
    return mergeLists(
      await this.#manager.onEach(async (node) => ({
        node: node.id,
        libraries: await listLibraries(node, options),
      })),
    );
  }

  /** How many libraries and functions each server has, and which function has been running there for a while. */
  stats(): Promise<ServerStats[]> {
    return this.#manager.onEach(readStats);
  }

  /**
   * Ends the function, or script, that keeps a server busy, on every server.
   *
   * @returns The servers where something was ended.
   * @throws FunctionCallError `UNKILLABLE`: it has written already.
   */
  async kill(): Promise<string[]> {
    const { isServerError } = this.#gate.port;
    const killed = await this.#manager.onEach(async (node) =>
      (await killRunning(node, isServerError)) ? [node.id] : [],
    );
    return killed.flat();
  }

  /** Removes one library from every server. @throws FunctionCallError when there is none of that name. */
  async delete(libraryName: string): Promise<void> {
    await this.#manager.onEach((node) => node.send(['FUNCTION', 'DELETE', libraryName]));
  }

  /** Removes every library from every server, those of others included. */
  async flush(): Promise<void> {
    await this.#manager.onEach((node) => node.send(['FUNCTION', 'FLUSH']));
  }

  /** All libraries of a server as one binary payload for `restore`, on any server. */
  dump(): Promise<Buffer> {
    return this.#manager.onOne(async (node) => (await node.sendBinary(['FUNCTION', 'DUMP'])) as Buffer);
  }

  /**
   * Loads a payload of `dump`, or of `writePayload`: all or nothing per server, whichever server wrote it.
   *
   * @param policy `append` refuses when a library of the payload exists, `replace` replaces it, `flush` first removes
   *   every library, those of others included. Default: `append`.
   * @returns The servers that have the libraries now.
   * @throws InvalidPayloadError, DeployError `ALREADY_EXISTS` or `UNSAFE`: nothing was changed on any server.
   */
  async restore(payload: Uint8Array, policy: RestorePolicy = 'append'): Promise<string[]> {
    const libraries = librariesOf(payload);
    return this.#manager.run(async () => restoreOn(await this.#gate.port.primaries(), libraries, policy));
  }

  /** The servers that take writes, for commands that this class has no method for: one, or all primaries of a cluster. */
  primaries(): Promise<Primary[]> {
    return this.#manager.primaries();
  }

  /** Which server this is. */
  server(): Promise<ServerInfo> {
    return this.#manager.onOne(readServerInfo);
  }

  /** Resolves when the server answers. @throws UnavailableError after the deadline. */
  async ping(): Promise<void> {
    await this.#manager.onOne((node) => node.send(['PING']));
  }

  /** Closes the connection where this side opened it. Calls after that are refused. */
  close(): Promise<void> {
    return this.#gate.port.close();
  }

  #callByName(
    name: string,
    keys: readonly Key[],
    args: readonly Argument[],
    readOnly: boolean,
    { deadlineMs, signal }: CallOptions = {},
  ): Promise<unknown> {
    const library = this.#libraries.withFunction(name);
    const command = toCommand(name, readOnly, { keys, args });
    const call = { functionName: name, library, readOnly, key: keys[0], command };
    return this.#caller.call(call, (reply) => reply, this.#deadlineOf(deadlineMs), signal);
  }

  /** Calls of the same length share a timer. */
  #deadlineOf(ms: number | undefined): DeadlineTimer {
    if (ms === undefined) return this.#deadline;
    assertDeadline(ms);
    let deadline = this.#deadlines.get(ms);
    if (!deadline) {
      deadline = new DeadlineTimer(ms, (refusal) => this.#gate.deadlineError(ms, refusal));
      this.#deadlines.set(ms, deadline);
    }
    return deadline;
  }
}

/**
 * A client that is connected and has its libraries deployed.
 *
 * @throws What `deploy` throws; then nothing is left open.
 */
export async function createRedisFunctions(options: RedisFunctionsOptions): Promise<RedisFunctions> {
  const functions = new RedisFunctions(options);
  try {
    await functions.deploy();
    return functions;
  } catch (error) {
    await functions.close();
    throw error;
  }
}

import { toWire } from './call/arguments.js';
import { Caller } from './call/caller.js';
import type { Handle } from './call/handle.js';
import { makeHandle } from './call/handle.js';
import { adaptClient, type RedisClient } from './client/adapt.js';
import { connectPort } from './client/connect.js';
import type { ClientPort } from './client/port.js';
import type { Argument } from './define/function.js';
import type { FunctionTable, Library } from './define/library.js';
import { Deployer, type DeployOptions, type DeployOutcome } from './deploy/deployer.js';
import { InvalidArgumentError } from './errors.js';
import { LibrarySet } from './library-set.js';
import { type LibraryInfo, type ListOptions, listLibraries } from './manage/list.js';
import { readServerInfo, type ServerInfo } from './manage/server-info.js';
import { toText } from './replies.js';

export interface RedisFunctionsOptions {
  /** A client of the package `redis`: single or cluster. You opened it, you close it. Give this or `url`. */
  client?: RedisClient;
  /** `redis://` or `rediss://`. A connection is opened at first use, reopened after a loss, and closed by `close()`. */
  url?: string;
  /** Libraries to deploy. `use()` adds others. Default: none. */
  libraries?: readonly Library[];
  /**
   * How functions run: `functions` (FCALL), `scripts` (the same files by EVALSHA, for servers without functions), or
   * `auto`: functions where the server has them, else scripts with one warning. Default: `auto`.
   */
  mode?: 'auto' | 'functions' | 'scripts';
  /**
   * What to do before the first call: `deploy` the libraries, only `verify` that they are there, or `none`.
   * Default: `deploy`.
   */
  deploy?: 'deploy' | 'verify' | 'none';
  /** Deploy over a newer version, or over other code of the same version. Default: false. */
  force?: boolean;
  /** Milliseconds a call may take, waiting for a connection included; 0 for no deadline. Default: 5000. */
  deadlineMs?: number;
  /** Hears connection errors of a client made from `url`. Default: they are dropped, and calls say what is wrong. */
  onError?: (error: Error) => void;
}

export interface UseOptions {
  /** Milliseconds a call of this handle may take; 0 for no deadline. Default: that of the client. */
  deadlineMs?: number;
}

/** Deploys libraries of Redis Functions and calls them with types. */
export class RedisFunctions {
  readonly #port: ClientPort;
  readonly #libraries: LibrarySet;
  readonly #caller: Caller;
  readonly #deployer: Deployer;

  constructor(options: RedisFunctionsOptions) {
    const { libraries = [], mode = 'auto', deploy = 'deploy', force = false, deadlineMs = 5_000 } = options;
    assertDeadline(deadlineMs);
    this.#port = toPort(options);
    this.#libraries = new LibrarySet(libraries);
    this.#deployer = new Deployer(this.#port, { force });
    this.#caller = new Caller({ port: this.#port, deployer: this.#deployer, mode, policy: deploy, deadlineMs });
  }

  /** Where the server is, without user name and password. */
  get address(): string {
    return this.#port.address;
  }

  /** The libraries of this client, those that `use()` added included. */
  get libraries(): readonly Library[] {
    return this.#libraries.all();
  }

  /**
   * Brings every library to every server that takes writes; safe to repeat, never a downgrade. In scripts mode there is
   * nothing to bring, and the answer is empty.
   *
   * @throws DeployError `DRIFT` or `LOAD_REFUSED`; UnavailableError.
   */
  deploy(options?: DeployOptions): Promise<DeployOutcome[]> {
    return this.#caller.deploy(this.#libraries.all(), options);
  }

  /**
   * The typed functions of a library. A library that this client does not know yet is deployed before its first call.
   *
   * @throws InvalidArgumentError when this client has another library of that name.
   */
  use<F extends FunctionTable>(library: Library<F>, { deadlineMs }: UseOptions = {}): Handle<F> {
    if (deadlineMs !== undefined) assertDeadline(deadlineMs);
    this.#libraries.add(library);
    const deadline = deadlineMs === undefined ? undefined : this.#caller.deadline(deadlineMs);
    return makeHandle(library, this.#caller, deadline);
  }

  /** Calls a function by its name in Lua, without types. In a cluster the first key decides the server. */
  call(name: string, keys: readonly (string | Buffer)[] = [], args: readonly Argument[] = []): Promise<unknown> {
    return this.#callByName(name, keys, args, false);
  }

  /** Like `call`, for functions registered with `no-writes`. */
  callReadOnly(
    name: string,
    keys: readonly (string | Buffer)[] = [],
    args: readonly Argument[] = [],
  ): Promise<unknown> {
    return this.#callByName(name, keys, args, true);
  }

  /** `functions` or `scripts`: what `mode: 'auto'` found. Asks the server once. */
  mode(): Promise<'functions' | 'scripts'> {
    return this.#caller.mode();
  }

  /** The libraries that the server has, those of others included. In scripts mode: those of this client. */
  async list(options?: ListOptions): Promise<LibraryInfo[]> {
    if ((await this.mode()) === 'scripts') return this.#libraries.describe(options);
    return this.#caller.withNode((node) => listLibraries(node, options));
  }

  /** Removes one library from every server. @throws FunctionCallError when there is none of that name. */
  async delete(libraryName: string): Promise<void> {
    await this.#caller.onPrimaries((node) => node.send(['FUNCTION', 'DELETE', libraryName]));
  }

  /** Removes every library from every server, those of others included. */
  async flush(): Promise<void> {
    await this.#caller.onPrimaries((node) => node.send(['FUNCTION', 'FLUSH']));
  }

  /** All libraries of a server as one binary payload for `restore` on the same or a newer server. */
  dump(): Promise<Buffer> {
    return this.#caller.withNode(async (node) => (await node.sendBinary(['FUNCTION', 'DUMP'])) as Buffer);
  }

  /**
   * Loads a payload of `dump`, all or nothing per server.
   *
   * @param policy `append` refuses when a library of the payload exists, `replace` replaces it, `flush` first removes
   *   every library, those of others included. Default: `append`.
   */
  async restore(payload: Buffer, policy: 'append' | 'replace' | 'flush' = 'append'): Promise<void> {
    await this.#caller.onPrimaries((node) => node.send(['FUNCTION', 'RESTORE', payload, policy.toUpperCase()]));
  }

  /** Which server this is. */
  server(): Promise<ServerInfo> {
    return this.#caller.withNode(readServerInfo);
  }

  /** Answers when the server does. @throws UnavailableError after the deadline. */
  async ping(): Promise<void> {
    toText(await this.#caller.withNode((node) => node.send(['PING'])));
  }

  /** Closes the connection where this side opened it. Calls after that are refused. */
  close(): Promise<void> {
    return this.#port.close();
  }

  #callByName(name: string, keys: readonly (string | Buffer)[], args: readonly Argument[], readOnly: boolean) {
    return this.#caller.call({
      functionName: name,
      library: this.#libraries.withFunction(name),
      ...toWire(name, { keys, args }),
      readOnly,
    });
  }
}

function toPort({ client, url, onError = () => {} }: RedisFunctionsOptions): ClientPort {
  if (client !== undefined && url !== undefined) {
    throw new InvalidArgumentError('client', 'Both client and url are given. Give one of them.');
  }
  if (url !== undefined) return connectPort(url, onError);
  if (client === undefined) {
    throw new InvalidArgumentError(
      'url',
      'Neither client nor url is given. Give url, for example "redis://localhost:6379".',
    );
  }
  return adaptClient(client);
}

function assertDeadline(deadlineMs: number): void {
  if (Number.isFinite(deadlineMs) && deadlineMs >= 0) return;
  throw new InvalidArgumentError('deadlineMs', 'deadlineMs must be 0 or more milliseconds. Leave it out for 5000.');
}

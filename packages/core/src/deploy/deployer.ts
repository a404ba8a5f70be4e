import type { ClientPort, PrimaryNode } from '../client/port.js';
import type { Library } from '../define/library.js';
import { DeployError } from '../errors.js';
import { readLibraries } from '../manage/list.js';
import { type DeployAction, planLibrary } from './plan.js';

/** What happened to one library on one server. */
export interface DeployOutcome {
  readonly node: string;
  readonly library: string;
  readonly action: DeployAction;
  /** Version that the server has now. */
  readonly version: string | undefined;
}

export interface DeployOptions {
  /** Replace a newer version, and other code of the same version. Default: false. */
  force?: boolean;
}

/** Brings libraries to every server that takes writes. */
export class Deployer {
  readonly #port: ClientPort;
  readonly #force: boolean;
  readonly #healing = new Map<string, Promise<void>>();

  constructor(port: ClientPort, { force = false }: DeployOptions = {}) {
    this.#port = port;
    this.#force = force;
  }

  async deploy(libraries: readonly Library[]): Promise<DeployOutcome[]> {
    const nodes = await this.#port.primaries();
    const outcomes = await Promise.all(nodes.map((node) => this.#deployTo(node, libraries)));
    return outcomes.flat();
  }

  /** Loads a library that one server has lost. Calls that miss it together share one load. */
  async heal(library: Library, key: string | Buffer | undefined): Promise<void> {
    const node = await this.#port.primaryFor(key);
    const id = `${node.id} ${library.name}`;
    let healing = this.#healing.get(id);
    if (!healing) {
      healing = this.#deployTo(node, [library]).then(
        () => void this.#healing.delete(id),
        (error) => {
          this.#healing.delete(id);
          throw error;
        },
      );
      this.#healing.set(id, healing);
    }
    await healing;
  }

  /** @throws DeployError `NOT_DEPLOYED` for the first library that a server lacks or has in an older version. */
  async verify(libraries: readonly Library[]): Promise<void> {
    for (const node of await this.#port.primaries()) {
      const codes = await readLibraries(node, libraries);
      for (const library of libraries) {
        const { action } = planLibrary(library, codes.get(library.name), false);
        if (action === 'unchanged' || action === 'kept-newer') continue;
        throw new DeployError(
          'NOT_DEPLOYED',
          library.name,
          `${node.id} does not have library "${library.name}" ${library.version ?? ''}, and this client may only verify. ` +
            'Deploy it first, or use the deploy policy "deploy".',
        );
      }
    }
  }

  async #deployTo(node: PrimaryNode, libraries: readonly Library[]): Promise<DeployOutcome[]> {
    const codes = await readLibraries(node, libraries);
    // all decisions before the first load: a drift in the last library must not leave the first ones replaced
    const plans = libraries.map((library) => planLibrary(library, codes.get(library.name), this.#force));
    return Promise.all(
      plans.map(async ({ library, action, versionBefore }) => {
        if (action === 'loaded' || action === 'replaced') await this.#load(node, library);
        const version = action === 'kept-newer' ? versionBefore : library.version;
        return { node: node.id, library: library.name, action, version };
      }),
    );
  }

  async #load(node: PrimaryNode, library: Library): Promise<void> {
    try {
      await node.send(['FUNCTION', 'LOAD', 'REPLACE', library.code]);
    } catch (cause) {
      if (!this.#port.isServerError(cause)) throw cause;
      throw new DeployError(
        'LOAD_REFUSED',
        library.name,
        `${node.id} refused library "${library.name}": ${cause.message}. Mend the Lua at the line it names ` +
          '(the first line of the file is line 1), or the permission it asks for.',
        { cause },
      );
    }
  }
}

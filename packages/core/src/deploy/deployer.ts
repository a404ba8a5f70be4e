import type { ClientPort, Command, PrimaryNode } from '../client/port.js';
import type { Library } from '../define/library.js';
import { DeployError } from '../errors.js';
import { readLibraries } from '../manage/list.js';
import { tellDeploy } from '../telemetry/channels.js';
import { assertSuperset } from './compatibility.js';
import { assertHarmless } from './hazards.js';
import { type DeployAction, type PlannedLibrary, planLibrary } from './plan.js';
import { swapLibraries } from './swap.js';

/** What happened, or would happen, to one library on one server. */
export interface DeployOutcome {
  readonly node: string;
  readonly library: string;
  readonly action: DeployAction;
  /** Version that the server has then. */
  readonly version: string | undefined;
}

export interface DeployOptions {
  /**
   * Replace a newer version, other code of the same version, and a library that has functions which this one lacks.
   * Default: false.
   */
  force?: boolean;
  /** Wait until so many replicas of each primary have the libraries. Default: 0. */
  replicas?: number;
  /** Milliseconds to wait for the replicas. Default: 1000. */
  replicaTimeoutMs?: number;
}

type Send = (command: Command) => Promise<unknown>;

/** Brings libraries to every server that takes writes. */
export class Deployer {
  readonly #port: ClientPort;
  readonly #options: Required<DeployOptions>;
  readonly #healing = new Map<string, Promise<void>>();

  constructor(port: ClientPort, { force = false, replicas = 0, replicaTimeoutMs = 1_000 }: DeployOptions = {}) {
    this.#port = port;
    this.#options = { force, replicas, replicaTimeoutMs };
  }

  /** Tells what `deploy` would do now, and does nothing. @throws DeployError as `deploy`. */
  async plan(libraries: readonly Library[]): Promise<DeployOutcome[]> {
    const nodes = await this.#port.primaries();
    const plans = await Promise.all(
      nodes.map(async (node) => outcomes(node, await this.#decide(node.send, libraries))),
    );
    return plans.flat();
  }

  async deploy(libraries: readonly Library[]): Promise<DeployOutcome[]> {
    const nodes = await this.#port.primaries();
    const deployed = await Promise.all(nodes.map((node) => this.#deployTo(node, libraries)));
    return deployed.flat();
  }

  /**
   * Loads a library that one server has lost. Calls that miss it together share one load.
   *
   * @returns False where the server turns out not to be the one that takes writes: loading there, and then writing, would
   *   lose the writes as soon as it is demoted.
   */
  async heal(library: Library, key: string | Buffer | undefined): Promise<boolean> {
    const node = await this.#port.primaryFor(key);
    if (!(await this.#port.confirmPrimary(node))) return false;
    const id = `${node.id} ${library.name}`;
    let healing = this.#healing.get(id);
    if (!healing) {
      healing = this.#healNode(node, library).finally(() => this.#healing.delete(id));
      this.#healing.set(id, healing);
    }
    await healing;
    return true;
  }

  async #healNode(node: PrimaryNode, library: Library): Promise<void> {
    const [outcome] = await this.#deployTo(node, [library], true);
    if (outcome?.action !== 'unchanged') return;
    // the owner of the slot has it: the one that lacks it is taking over the slot (ASK)
    const others = (await this.#port.primaries()).filter(({ id }) => id !== node.id);
    await Promise.allSettled(others.map((other) => this.#deployTo(other, [library], true)));
  }

  /** @throws DeployError `NOT_DEPLOYED` for the first library that a server lacks or has in an older version. */
  async verify(libraries: readonly Library[]): Promise<void> {
    const missing = (await this.plan(libraries)).find(({ action }) => action === 'loaded' || action === 'replaced');
    if (!missing) return;
    throw new DeployError(
      'NOT_DEPLOYED',
      missing.library,
      `${missing.node} does not have library "${missing.library}" ${missing.version ?? ''}, and this client may only ` +
        'verify. Deploy it first, or use the deploy policy "deploy".',
    );
  }

  async #deployTo(node: PrimaryNode, libraries: readonly Library[], healing = false): Promise<DeployOutcome[]> {
    const plans = await this.#decide(node.send, libraries);
    if (!plans.some(needsLoad)) return outcomes(node, plans);
    for (const { library } of plans.filter(needsLoad)) assertHarmless(library);
    const done = await this.#explained(node, libraries, () =>
      node.isolated((send) =>
        swapLibraries(send, node.registryKey, async () => {
          const plan = await this.#decide(send, libraries);
          return { plan, load: plan.filter(needsLoad).map(({ library }) => library) };
        }),
      ),
    );
    if (this.#options.replicas > 0) await this.#waitForReplicas(node);
    const outcome = outcomes(node, done);
    for (const each of outcome) tellDeploy({ ...each, healing });
    return outcome;
  }

  /** All decisions before the first load: a drift in the last library must not leave the first ones replaced. */
  async #decide(send: Send, libraries: readonly Library[]): Promise<PlannedLibrary[]> {
    const onServer = await readLibraries({ send }, libraries);
    return libraries.map((library) => {
      const loaded = onServer.get(library.name);
      const plan = planLibrary(library, loaded?.code, this.#options.force);
      if (plan.action === 'replaced' && loaded && !this.#options.force) assertSuperset(loaded, library);
      return plan;
    });
  }

  async #waitForReplicas(node: PrimaryNode): Promise<void> {
    const { replicas, replicaTimeoutMs } = this.#options;
    const reached = Number(await node.send(['WAIT', String(replicas), String(replicaTimeoutMs)]));
    if (reached >= replicas) return;
    throw new DeployError(
      'NOT_REPLICATED',
      '',
      `${node.id} has the libraries, and ${reached} of ${replicas} replicas confirmed them within ${replicaTimeoutMs} ms. ` +
        'Look after the replicas and deploy again, or wait for fewer.',
    );
  }

  async #explained<T>(node: PrimaryNode, libraries: readonly Library[], work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      if (!this.#port.isServerError(cause)) throw cause;
      const names = libraries.map(({ name }) => `"${name}"`).join(', ');
      throw new DeployError(
        'LOAD_REFUSED',
        libraries.map(({ name }) => name).join(', '),
        `${node.id} refused ${names}: ${cause.message}. Mend the Lua at the line it names (the first line of the file is ` +
          'line 1), or grant the permission it asks for.',
        { cause },
      );
    }
  }
}

function needsLoad({ action }: PlannedLibrary): boolean {
  return action === 'loaded' || action === 'replaced';
}

function outcomes(node: PrimaryNode, plans: readonly PlannedLibrary[]): DeployOutcome[] {
  return plans.map(({ library, action, versionBefore }) => ({
    node: node.id,
    library: library.name,
    action,
    version: action === 'kept-newer' ? versionBefore : library.version,
  }));
}

import type { Library } from '../define/library.js';
import type { Deployer } from '../deploy/deployer.js';
import type { Runner } from './runner.js';

/** Has every library deployed, or verified, before its first call; calls that begin together share one deploy. */
export class Preparation {
  readonly #deployer: Deployer;
  readonly #policy: 'deploy' | 'verify' | 'none';
  readonly #done = new Set<Library>();
  readonly #underWay = new Map<Library, Promise<void>>();

  constructor(deployer: Deployer, policy: 'deploy' | 'verify' | 'none') {
    this.#deployer = deployer;
    this.#policy = policy;
  }

  /** This client may load libraries, so it may also load one that a server has lost. */
  get mayDeploy(): boolean {
    return this.#policy === 'deploy';
  }

  isDone(library: Library): boolean {
    return this.#done.has(library);
  }

  markDone(libraries: readonly Library[]): void {
    for (const library of libraries) this.#done.add(library);
  }

  /** A failure is not remembered: the next call tries again. */
  prepare(library: Library, { mode }: Runner): Promise<void> {
    let underWay = this.#underWay.get(library);
    if (!underWay) {
      const work = mode === 'functions' ? this.#bring(library) : Promise.resolve();
      underWay = work.then(() => this.markDone([library])).finally(() => this.#underWay.delete(library));
      this.#underWay.set(library, underWay);
    }
    return underWay;
  }

  async #bring(library: Library): Promise<void> {
    if (this.#policy === 'deploy') await this.#deployer.deploy([library]);
    if (this.#policy === 'verify') await this.#deployer.verify([library]);
  }
}

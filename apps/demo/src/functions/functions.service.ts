import { ConflictException, Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { DeployError, type DeployedLibrary, type Library, RedisFunctions } from '@redis-functions/core';
import { InjectRedisFunctions } from '@redis-functions/nestjs';
import { nodesOfCluster } from '../cluster/ask-supervisor.js';
import { LiveService } from '../events/live.service.js';
import { mylib } from '../libraries/mylib.js';
import type { Connection } from '../redis-source/redis-source.js';
import { releaseOf } from './counter-releases.js';
import { libraryView } from './library-view.js';
import { ProcessReports } from './process-reports.js';
import { callsOf, trafficOf } from './sums.js';
import type { Change, FunctionsView, PlannedView } from './view.js';

export const CONNECTION = Symbol('connection');

const READ_EVERY_MS = 1_000;

/** What is on the servers, what is called there, and new releases of the counter library. */
@Injectable()
export class FunctionsService implements OnModuleInit {
  constructor(
    @InjectRedisFunctions() private readonly functions: RedisFunctions,
    @Inject(CONNECTION) private readonly connection: Connection,
    @Inject(LiveService) private readonly live: LiveService,
    @Inject(ProcessReports) private readonly reports: ProcessReports,
  ) {}

  onModuleInit(): void {
    this.live.offer('functions', { everyMs: READ_EVERY_MS, read: () => this.read() });
  }

  async read(): Promise<FunctionsView> {
    const [mode, deployed, primaries, reports, nodes] = await Promise.all([
      this.functions.mode(),
      this.functions.list(),
      this.functions.primaries(),
      this.reports.all(),
      nodesOfCluster(),
    ]);
    const ids = primaries.map(({ id }) => id).sort();
    return {
      mode,
      primaries: ids,
      libraries: this.functions.libraries.map((library) => libraryView(library, deployed, ids)),
      calls: callsOf(reports),
      processes: reports.length,
      traffic: trafficOf(reports),
      nodes,
    };
  }

  /** @throws ConflictException where the deploy would be refused. */
  async plan(change: Change): Promise<PlannedView[]> {
    return this.#onRelease(change, (deployer) => deployer.plan());
  }

  /** @throws ConflictException where it is refused: nothing was changed then. */
  async deploy(change: Change): Promise<PlannedView[]> {
    const done = await this.#onRelease(change, (deployer) => deployer.deploy());
    this.live.tell('functions');
    return done;
  }

  async #onRelease(change: Change, work: (deployer: RedisFunctions) => ReturnType<RedisFunctions['plan']>) {
    const release = releaseOf(change, newest(await this.functions.list({ name: mylib.name })));
    // on a connection of its own: this shop's own client goes on with the release that it brought
    const deployer = new RedisFunctions({ ...this.connection, libraries: [release as Library], onError: () => {} });
    try {
      const outcomes = await work(deployer);
      return outcomes.map(({ node, action, version }) => ({ node, action, version: version ?? null }));
    } catch (error) {
      if (!(error instanceof DeployError)) throw error;
      throw new ConflictException({ statusCode: 409, error: error.code, message: error.message });
    } finally {
      await deployer.close();
    }
  }
}

function newest(deployed: readonly DeployedLibrary[]): string {
  const versions = [String(mylib.version), ...deployed.flatMap(({ version = [] }) => version)];
  return versions.sort((a, b) => a.localeCompare(b, 'en', { numeric: true })).at(-1) as string;
}

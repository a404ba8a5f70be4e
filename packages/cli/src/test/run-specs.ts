import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { ServerBinary } from '@redis-functions/testing';
import { coverageEnvironment } from '@redis-functions/testing/coverage';
import { CliError } from '../output/cli-error.js';
import type { Report } from '../output/report.js';
import { table } from '../output/table.js';
import type { Terminal } from '../output/terminal.js';
import { chooseServers } from './choose-servers.js';
import { type CoverageOptions, librariesOf, reportCoverage } from './report-coverage.js';
import { findJest, runJest } from './run-jest.js';

export interface SpecsOptions {
  readonly project: string;
  readonly server: string | undefined;
  readonly jestArguments: readonly string[];
  readonly isQuiet: boolean;
  readonly coverage: CoverageOptions | undefined;
}

/** Runs the specs once on each server, and reports on all runs together. */
export async function runSpecs(terminal: Terminal, options: SpecsOptions): Promise<Report> {
  const project = resolve(options.project);
  if (!statSync(project, { throwIfNoEntry: false })?.isDirectory()) {
    throw new CliError(`There is no folder ${options.project}. Give the one with the package.json of the project.`);
  }
  const lua = options.coverage && librariesOf(project, options.coverage.lua);
  const jest = findJest(project);
  const servers = chooseServers(options.server);
  const hits = options.coverage && mkdtempSync(join(tmpdir(), 'redis-functions-hits-'));
  try {
    const runs: { server: ServerBinary; exitCode: number }[] = [];
    for (const server of servers) {
      terminal.err(`Server: ${server.name} (${server.path})\n`);
      const env = { ...process.env, ...serverEnvironment(server), ...(hits && coverageEnvironment(hits)) };
      runs.push({ server, exitCode: await runJest(jest, { ...options, project, env }, terminal) });
    }
    const failed = runs.some(({ exitCode }) => exitCode !== 0);
    const coverage =
      options.coverage && hits && lua ? reportCoverage({ ...options.coverage, hits, project, lua }) : undefined;
    if (coverage?.shortfall) terminal.err(`${coverage.shortfall}\n`);
    const rows = runs.map(({ server, exitCode }) => [server.name, exitCode === 0 ? 'passed' : 'failed']);
    return {
      json: {
        servers: runs.map(({ server, exitCode }) => ({ ...server, passed: exitCode === 0 })),
        ...(coverage && { coverage: coverage.json }),
      },
      text: `${coverage?.text ?? ''}${table(['SERVER', 'SPECS'], rows)}`,
      failed: failed || coverage?.shortfall !== undefined,
    };
  } finally {
    if (hits) rmSync(hits, { recursive: true, force: true });
  }
}

/** Where specs and the Jest environment look for the server to start, and for the list to run on. */
function serverEnvironment({ name, path }: ServerBinary): Record<string, string> {
  return { REDIS_FUNCTIONS_SERVER: path, REDIS_FUNCTIONS_SERVERS: JSON.stringify({ [name]: path }) };
}

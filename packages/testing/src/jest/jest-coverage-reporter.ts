import { rmSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { coverageFolder } from '../coverage/folder.js';
import { luaFolderOf } from '../coverage/lua-files.js';
import { countLines, toTable, writeReports } from '../coverage/report.js';
import { readCoverage, startCoverage } from '../coverage/run.js';

export interface LuaCoverageOptions {
  /** Files and folders of the libraries, from the project's folder. Default: `lua` where there is one, else all of the project. */
  lua?: readonly string[];
  /** Percent of the lines that must be run, or jest fails. Default: 0. */
  lines?: number;
}

/** Of Jest's own configuration what is asked for here. */
interface JestRun {
  readonly collectCoverage: boolean;
  readonly coverageDirectory: string;
  readonly rootDir: string;
}

/**
 * A Jest reporter for the line coverage of Lua, with `--coverage`: the table at the end, and `lua/lcov.info` with
 * `lua/coverage-final.json` in the coverage directory. The preset has it; with other reporters beside it, name it yourself:
 * `reporters: ['default', ['@redis-functions/testing/jest-coverage-reporter', { lines: 90 }]]`.
 */
export default class LuaCoverageReporter {
  readonly #run: JestRun;
  readonly #options: LuaCoverageOptions;
  #folder: string | undefined;
  #error: Error | undefined;

  constructor(run: JestRun, options: LuaCoverageOptions = {}) {
    this.#run = run;
    this.#options = options;
  }

  /** Before the first worker is started: they inherit what is set here. */
  onRunStart(): void {
    const { collectCoverage, coverageDirectory } = this.#run;
    if (!collectCoverage) return;
    const folder = join(coverageDirectory, 'lua', 'hits');
    // whoever has started jest with a folder of its own reports as well: the command `redis-functions test`
    if ((coverageFolder() ?? folder) !== folder) return;
    startCoverage(folder);
    this.#folder = folder;
  }

  onRunComplete(): void {
    if (this.#folder === undefined) return;
    const { coverageDirectory, rootDir } = this.#run;
    const { lua = [luaFolderOf(rootDir)], lines = 0 } = this.#options;
    const paths = lua.map((path) => resolve(rootDir, path));
    const { map, notes } = readCoverage(this.#folder, paths);
    rmSync(this.#folder, { recursive: true, force: true });
    const [lcov = ''] = writeReports(map, join(coverageDirectory, 'lua'), rootDir);
    const told = [...notes, `Lua: ${relative(rootDir, lcov)}`].map((note) => `${note}\n`);
    process.stdout.write(`${toTable(map)}${told.join('')}`);
    const { percent } = countLines(map);
    if (percent >= lines) return;
    this.#error = new Error(
      `${percent} % of the lines of Lua were run, and ${lines} % must be. Test those of the table.`,
    );
    // jest only takes its exit code from it
    process.stderr.write(`${this.#error.message}\n`);
  }

  /** Jest fails where there is one. */
  getLastError(): Error | undefined {
    return this.#error;
  }
}

import { existsSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { countLines, luaFolderOf, readCoverage, toTable, writeReports } from '@redis-functions/testing/coverage';
import { CliError } from '../output/cli-error.js';

export interface CoverageOptions {
  /** Percent of the lines that must be run. */
  readonly lines: number;
  /** Where reports for tools go. */
  readonly lcov: string | undefined;
  /** Files and folders of libraries; none: those of the project. */
  readonly lua: readonly string[];
}

export interface CoverageReport {
  readonly json: unknown;
  readonly text: string;
  /** A sentence, where fewer lines were run than must be. */
  readonly shortfall: string | undefined;
}

export interface Covered extends CoverageOptions {
  /** The folder in which the runs have collected them. */
  readonly hits: string;
  readonly project: string;
}

/** Where the libraries are. @throws CliError for what is not there, before the specs are run. */
export function librariesOf(project: string, given: readonly string[]): readonly string[] {
  if (given.length === 0) return [luaFolderOf(project)];
  const missing = given.find((path) => !existsSync(path));
  if (missing !== undefined) throw new CliError(`There is no ${missing}. Give a .lua file, or a folder of them.`);
  return given.map((path) => resolve(path));
}

export function reportCoverage({ hits, project, lines, lcov, lua }: Covered): CoverageReport {
  const { map, notes } = readCoverage(hits, lua);
  if (map.files().length === 0) {
    throw new CliError(
      `${[...notes, 'There is no library to report on.'].join(' ')} Give its file or folder with --lua.`,
    );
  }
  const total = countLines(map);
  const files = map.files().map((path) => [relative(project, path), countLines(map, path)] as const);
  const reports = lcov === undefined ? [] : writeReports(map, lcov, project);
  const remarks = [...notes, ...(total.covered === 0 ? [NOTHING_ARRIVED] : [])];
  return {
    json: { lines: total, files: Object.fromEntries(files), notes: remarks, reports },
    text: toTable(map) + [...remarks, ...reports].map((line) => `${line}\n`).join(''),
    shortfall:
      total.percent >= lines
        ? undefined
        : `${total.percent} % of the lines of Lua were run, and ${lines} % must be. Test those that the table names.`,
  };
}

const NOTHING_ARRIVED =
  'No line was run. Hits arrive from servers that @redis-functions/testing starts, of libraries that defineLibrary or withCoverage is given.';

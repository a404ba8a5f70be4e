import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CoverageMap } from 'istanbul-lib-coverage';
import istanbul from 'istanbul-lib-report';
import reports from 'istanbul-reports';

/** The table for people: a row for each file, with the lines that nothing ran. */
export function toTable(map: CoverageMap): string {
  const dir = mkdtempSync(join(tmpdir(), 'redis-functions-coverage-'));
  try {
    const file = 'table.txt';
    reports.create('text', { file }).execute(istanbul.createContext({ dir, coverageMap: map }));
    return readFileSync(join(dir, file), 'utf8');
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Writes `lcov.info`, with paths from `root`, and `coverage-final.json`, which Istanbul's tools merge. @returns Their paths. */
export function writeReports(map: CoverageMap, dir: string, root: string): string[] {
  mkdirSync(dir, { recursive: true });
  const context = istanbul.createContext({ dir, coverageMap: map });
  reports.create('lcovonly', { projectRoot: root }).execute(context);
  reports.create('json').execute(context);
  return ['lcov.info', 'coverage-final.json'].map((file) => join(dir, file));
}

/** Lines that were run, of those that can be. */
export interface LineCount {
  readonly covered: number;
  readonly total: number;
  /** Percent, two digits; 100 of nothing. */
  readonly percent: number;
}

export function countLines(map: CoverageMap, path?: string): LineCount {
  const summary = path === undefined ? map.getCoverageSummary() : map.fileCoverageFor(path).toSummary();
  const { covered, total, pct } = summary.lines;
  return { covered, total, percent: total === 0 ? 100 : pct };
}

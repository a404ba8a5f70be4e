import istanbul, { type CoverageMap, type FileCoverageData } from 'istanbul-lib-coverage';
import type { Collected } from './folder.js';
import { instrument } from './instrument.js';
import type { LuaFile } from './lua-files.js';
import type { Points } from './points.js';
import type { Span } from './syntax-tree.js';

export interface LuaCoverage {
  readonly map: CoverageMap;
  /** What is not in the map, and why: a sentence each. */
  readonly notes: readonly string[];
}

/** What was hit of these files, those that nobody called included. */
export function toCoverage(files: readonly LuaFile[], { hits, seen }: Collected): LuaCoverage {
  const map = istanbul.createCoverageMap({});
  const notes: string[] = [];
  const known = new Set<string>();
  for (const { path, code } of files) {
    const instrumented = instrument(code);
    known.add(instrumented.id);
    if ('reason' in instrumented) notes.push(`${path} is not counted: ${instrumented.reason}.`);
    else map.addFileCoverage(toFileCoverage(path, instrumented.points, hits.get(instrumented.id) ?? new Map()));
  }
  for (const { id, name } of seen) {
    if (known.has(id) || !hits.has(id)) continue;
    notes.push(`Library ${name} was also called with a text that is none of the files: its lines are not counted.`);
  }
  return { map, notes: [...new Set(notes)] };
}

/** Lines from 1, columns from 0: both as luaparse has them. */
function toFileCoverage(path: string, points: Points, hits: ReadonlyMap<number, number>): FileCoverageData {
  const times = (id: number) => hits.get(id) ?? 0;
  const range = ({ from, to }: Span) => ({ start: from, end: to });
  const data: FileCoverageData = { path, statementMap: {}, fnMap: {}, branchMap: {}, s: {}, f: {}, b: {} };
  for (const [id, span] of points.statements) {
    data.statementMap[id] = range(span);
    data.s[id] = times(id);
  }
  for (const [index, { name, span, id }] of points.functions.entries()) {
    const { line } = span.from;
    data.fnMap[index] = { name, decl: range(span), loc: range(span), line };
    data.f[index] = times(id);
  }
  for (const [index, { span, arms }] of points.branches.entries()) {
    const locations = arms.map((arm) => range(arm.span));
    data.branchMap[index] = { type: 'if', loc: range(span), line: span.from.line, locations };
    data.b[index] = arms.map(({ id }) => times(id));
  }
  return data;
}

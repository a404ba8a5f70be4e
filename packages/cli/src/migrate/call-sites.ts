import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { CliError } from '../output/cli-error.js';
import type { MigratedFunction } from './library-text.js';

export interface CallSite {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly text: string;
  /** What to write in its place. */
  readonly write: string;
}

const SOURCES: ReadonlySet<string> = new Set(['.ts', '.tsx', '.mts', '.cts', '.js', '.jsx', '.mjs', '.cjs']);
const PASSED_OVER: ReadonlySet<string> = new Set(['node_modules', 'dist', 'coverage', '.git']);
/** Of node-redis, ioredis, and of whoever sends commands by name. */
const CALLS =
  /\.(?:eval|evalsha|evalRo|evalSha|evalShaRo|eval_ro|evalsha_ro)\s*\(|\b(?:defineScript|defineCommand)\s*\(|['"`]EVAL(?:SHA)?(?:_RO)?['"`]/i;
/** What is larger is made by a machine. */
const MOST_BYTES = 1024 * 1024;

/** Where scripts are called, by the text of sources: a person decides. */
export async function findCallSites(
  folders: readonly string[],
  library: string,
  functions: readonly MigratedFunction[],
): Promise<CallSite[]> {
  const files = (await Promise.all(folders.map(sourcesIn))).flat().sort();
  const found = await Promise.all(files.map((file) => callSitesIn(file, library, functions)));
  return found.flat();
}

async function sourcesIn(path: string): Promise<string[]> {
  const found = await stat(path).catch(() => undefined);
  if (!found) throw new CliError(`There is no ${path} to search in. Give a folder of sources.`);
  if (!found.isDirectory()) return [path];
  const entries = await readdir(path, { withFileTypes: true });
  const inside = entries.map(async (entry) => {
    const file = join(path, entry.name);
    if (entry.isDirectory()) return PASSED_OVER.has(entry.name) ? [] : sourcesIn(file);
    return entry.isFile() && SOURCES.has(extname(entry.name)) ? [file] : [];
  });
  return (await Promise.all(inside)).flat();
}

async function callSitesIn(file: string, library: string, functions: readonly MigratedFunction[]): Promise<CallSite[]> {
  if ((await stat(file)).size > MOST_BYTES) return [];
  const lines = (await readFile(file, 'utf8')).split(/\r?\n/);
  return lines.flatMap((text, index) => {
    const named = functions.find(({ script }) => text.includes(basename(script.file)));
    if (!named && !CALLS.test(text)) return [];
    const name = named?.name ?? (functions.length === 1 ? (functions[0] as MigratedFunction).name : `${library}_…`);
    const write = CALLS.test(text)
      ? `functions.use(${library}).${propertyOf(name, library)}(…), or FCALL ${name} with the same keys and arguments`
      : `the library ${library}: this file is not read any more`;
    return [{ file, line: index + 1, text: text.trim().slice(0, 120), write }];
  });
}

function propertyOf(name: string, library: string): string {
  const own = name.startsWith(`${library}_`) ? name.slice(library.length + 1) : name;
  return own.replace(/_+(\w)/g, (_, letter: string) => letter.toUpperCase());
}

import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Where nobody keeps the Lua of a project. */
const PASSED_BY = new Set(['node_modules', 'dist', 'build', 'coverage']);

export interface LuaFile {
  readonly path: string;
  readonly code: string;
}

/** Where a project keeps its libraries: `lua` where there is one, else anywhere in it. */
export function luaFolderOf(project: string): string {
  const folder = join(project, 'lua');
  return existsSync(folder) ? folder : project;
}

/** The libraries among the `.lua` files of these files and folders, by their first line. */
export function libraryFiles(paths: readonly string[]): LuaFile[] {
  const files = paths.flatMap((path) => (statSync(path).isDirectory() ? luaFilesIn(path) : [path]));
  return [...new Set(files)]
    .sort()
    .map((path) => ({ path, code: readFileSync(path, 'utf8') }))
    .filter(({ code }) => code.startsWith('#!'));
}

function luaFilesIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.name.startsWith('.') || PASSED_BY.has(entry.name)) return [];
    const path = join(folder, entry.name);
    // a link may lead back to where it is
    if (entry.isDirectory()) return luaFilesIn(path);
    return entry.isFile() && entry.name.endsWith('.lua') ? [path] : [];
  });
}

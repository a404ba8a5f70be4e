import { mkdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type LuaCoverage, toCoverage } from './coverage-map.js';
import { FOLDER_VARIABLE, readCollected } from './folder.js';
import { libraryFiles } from './lua-files.js';
import { coverDefinitions } from './with-coverage.js';

const REGISTER = fileURLToPath(new URL('../../coverage-register.cjs', import.meta.url));

/** Variables for a process whose Lua is to be covered, and for all that it starts. */
export function coverageEnvironment(folder: string, env: NodeJS.ProcessEnv = process.env): Record<string, string> {
  // quoted: NODE_OPTIONS is split at spaces
  const register = `--require=${JSON.stringify(REGISTER)}`;
  const options = env['NODE_OPTIONS'] ?? '';
  return {
    [FOLDER_VARIABLE]: folder,
    NODE_OPTIONS: options.includes(register) ? options : `${options} ${register}`.trim(),
  };
}

let isCovered = false;

/** Empties the folder. From here on this process is covered, and so are those that it starts. */
export function startCoverage(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  Object.assign(process.env, coverageEnvironment(folder));
  if (!isCovered) coverDefinitions();
  isCovered = true;
}

/** What was collected so far of the libraries in these files and folders. */
export function readCoverage(folder: string, lua: readonly string[]): LuaCoverage {
  return toCoverage(libraryFiles(lua), readCollected(folder));
}

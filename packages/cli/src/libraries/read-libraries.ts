import {
  defineFunction,
  defineLibrary,
  type FunctionTable,
  type Library,
  registrationsIn,
} from '@redis-functions/core';
import { CliError } from '../output/cli-error.js';
import { readTexts } from './read-texts.js';

export interface LibraryFile {
  readonly file: string;
  readonly library: Library;
}

/**
 * The libraries of files, and of the `.lua` files of folders.
 *
 * @throws CliError for what cannot be read as a library, with the file; nothing has been sent anywhere.
 */
export async function readLibraries(
  paths: readonly string[],
  { sideBySide = false }: { sideBySide?: boolean } = {},
): Promise<LibraryFile[]> {
  const read = (await readTexts(paths)).map((text) => toLibrary(text, sideBySide));
  const byName = new Map<string, string>();
  for (const { file, library } of read) {
    const other = byName.get(library.name);
    if (other !== undefined) {
      throw new CliError(`${file} and ${other} are both called ${library.name}. Give one of them another name.`);
    }
    byName.set(library.name, file);
  }
  return read;
}

function toLibrary({ file, code }: { file: string; code: string }, sideBySide: boolean): LibraryFile {
  try {
    return { file, library: defineLibrary({ code, functions: functionsOf(code), sideBySide }) };
  } catch (cause) {
    throw new CliError(`${file}: ${(cause as Error).message}`, 1, { cause });
  }
}

/** As the file registers them; they are called by name here, without types. */
function functionsOf(code: string): FunctionTable {
  // what is wrong with the first line is said by whoever reads it
  if (!code.startsWith('#!')) return toTable(['none']);
  const registrations = registrationsIn(code);
  if (!registrations) throw new CliError('This is not Lua 5.1, which servers run. luac5.1 -p shows where.');
  const names = registrations.map(({ name }) => name);
  if (names.length === 0) throw new CliError('It registers no function by a name that is written out. Register one.');
  return toTable(names);
}

function toTable(names: readonly string[]): FunctionTable {
  return Object.fromEntries(
    names.map((name) => [name, defineFunction(name, { encode: () => ({ keys: [] }), decode: (reply) => reply })]),
  );
}

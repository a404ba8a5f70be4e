import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  defineFunction,
  defineLibrary,
  type FunctionTable,
  type Library,
  registrationsIn,
} from '@redis-functions/core';
import { CliError } from '../output/cli-error.js';
import { isPayload, readPayloadFile } from './read-payload-file.js';

/** A library has a few hundred lines; what is larger is no library, and would keep a server from its work. */
const MOST_BYTES = 4 * 1024 * 1024;

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

/** The texts of files, whatever is in them. @throws CliError for what is no text, or cannot be read. */
export async function readTexts(paths: readonly string[]): Promise<{ file: string; code: string }[]> {
  const files = (await Promise.all(paths.map(filesOf))).flat();
  return (await Promise.all(files.map(textsOf))).flat();
}

async function textsOf(file: string): Promise<{ file: string; code: string }[]> {
  if (!(await isPayload(file))) return [{ file, code: await readText(file) }];
  return (await readPayloadFile(file)).codes.map((code) => ({ file, code }));
}

async function filesOf(path: string): Promise<string[]> {
  const found = await stat(path).catch(() => undefined);
  if (!found) throw new CliError(`There is no ${path}. Give a .lua file, a folder of them, or a bundle.`);
  if (!found.isDirectory()) return [path];
  const names = (await readdir(path)).filter((name) => name.endsWith('.lua')).sort();
  if (names.length === 0) throw new CliError(`There is no .lua file in ${path}. Give another folder, or a file.`);
  return names.map((name) => join(path, name));
}

async function readText(file: string): Promise<string> {
  const { size } = await stat(file);
  if (size > MOST_BYTES)
    throw new CliError(`${file} has ${size} bytes. A library has ${MOST_BYTES} at most: split it.`);
  const bytes = await readFile(file).catch((cause: NodeJS.ErrnoException) => {
    throw new CliError(`${file} cannot be read (${cause.code}). Check its permissions.`, 1, { cause });
  });
  return decode(file, bytes);
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

function decode(file: string, bytes: Buffer): string {
  if (bytes.includes(0)) throw new CliError(`${file} is not text. Give the Lua source of a library.`);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new CliError(`${file} is not UTF-8. Save it as UTF-8.`, 1, { cause });
  }
}

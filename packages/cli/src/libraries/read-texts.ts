import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { CliError } from '../output/cli-error.js';
import { isPayload } from './is-payload.js';

/** A library has a few hundred lines; what is larger is no library, and would keep a server from its work. */
const MOST_BYTES = 4 * 1024 * 1024;

/** The texts of files, whatever is in them. @throws CliError for what is no text, or cannot be read. */
export async function readTexts(paths: readonly string[]): Promise<{ file: string; code: string }[]> {
  const files = (await Promise.all(paths.map(filesOf))).flat();
  return (await Promise.all(files.map(textsOf))).flat();
}

async function textsOf(file: string): Promise<{ file: string; code: string }[]> {
  if (!(await isPayload(file))) return [{ file, code: await readText(file) }];
  // what reads payloads comes with a client of Redis, and takes a while to load
  const { readPayloadFile } = await import('./read-payload-file.js');
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

function decode(file: string, bytes: Buffer): string {
  if (bytes.includes(0)) throw new CliError(`${file} is not text. Give the Lua source of a library.`);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new CliError(`${file} is not UTF-8. Save it as UTF-8.`, 1, { cause });
  }
}

import { access, mkdir } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { readTexts } from '../libraries/read-texts.js';
import type { Finding } from '../lint/finding.js';
import { lint } from '../lint/lint.js';
import { CliError } from '../output/cli-error.js';
import { writeWhole } from '../output/write-file.js';
import { type CallSite, findCallSites } from './call-sites.js';
import { libraryText, type MigratedFunction } from './library-text.js';
import { readScript } from './script.js';

export interface MigrateOptions {
  readonly library: string;
  /** Of the one function, where one script is given. */
  readonly functionName?: string | undefined;
  readonly out: string;
  /** Folders of sources that call scripts. */
  readonly search: readonly string[];
}

export interface Migration {
  readonly file: string;
  readonly text: string;
  readonly exists: boolean;
  readonly functions: readonly MigratedFunction[];
  readonly callSites: readonly CallSite[];
  /** What lint says of the library. */
  readonly findings: readonly Finding[];
}

/** What migrating would write. @throws CliError for what cannot be migrated; nothing has been written. */
export async function planMigration(paths: readonly string[], options: MigrateOptions): Promise<Migration> {
  const { library, functionName, out, search } = options;
  const texts = await readTexts(paths);
  if (functionName !== undefined && texts.length > 1) {
    throw new CliError(`${texts.length} scripts are given, and --function names one. Leave it out.`, 2);
  }
  const functions = texts.map(({ file, code }) => {
    const name = functionName ?? `${library}_${nameOf(file)}`;
    return { name, script: readScript(file, code.replaceAll('\r\n', '\n')) };
  });
  const names = functions.map(({ name }) => name.toLowerCase());
  const twin = functions.find(({ name }, index) => names.indexOf(name.toLowerCase()) < index);
  if (twin) throw new CliError(`Two functions would be called ${twin.name}. Rename ${twin.script.file}.`);
  const text = libraryText(library, functions);
  const exists = await access(out).then(
    () => true,
    () => false,
  );
  const callSites = await findCallSites(search, library, functions);
  return { file: out, text, exists, functions, callSites, findings: lint(text) };
}

export async function writeMigration({ file, text }: Migration): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeWhole(file, Buffer.from(text));
}

/** `lock-release.lua` → `lock_release` */
function nameOf(file: string): string {
  const name = basename(file)
    .replace(/\.lua$/, '')
    .replace(/[^A-Za-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '');
  if (name === '') throw new CliError(`${file} has no name to call a function by. Rename it, or give --function.`);
  return name;
}

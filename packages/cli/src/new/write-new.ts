import { access, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CliError } from '../output/cli-error.js';
import { filesFor, type Runner } from './templates.js';

export interface NewFile {
  readonly file: string;
  readonly content: string;
}

/** The files of a new library. @throws CliError where one of them is there already. */
export async function planNew(folder: string, name: string, runner: Runner): Promise<NewFile[]> {
  const files = Object.entries(filesFor(name, runner)).map(([path, content]) => ({
    file: join(folder, path),
    content,
  }));
  for (const { file } of files) {
    const isThere = await access(file).then(
      () => true,
      () => false,
    );
    if (isThere) throw new CliError(`${file} is there already. Choose another name, or remove it first.`);
  }
  return files;
}

/** Writes files that must not be there. */
export async function writeFiles(files: readonly NewFile[]): Promise<void> {
  for (const { file, content } of files) {
    try {
      await mkdir(dirname(file), { recursive: true });
      // between the look and this somebody may have made it
      await writeFile(file, content, { flag: 'wx' });
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      throw new CliError(`${file} cannot be written (${code}). Check the permissions of its folder.`, 1, { cause });
    }
  }
}

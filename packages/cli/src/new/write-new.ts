import { access, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CliError } from '../output/cli-error.js';
import { filesFor } from './templates.js';

/** @returns The files. @throws CliError where one of them is there already; nothing is written then. */
export async function writeNew(folder: string, name: string): Promise<string[]> {
  const files = Object.entries(filesFor(name)).map(([path, content]) => ({ file: join(folder, path), content }));
  for (const { file } of files) {
    const isThere = await access(file).then(
      () => true,
      () => false,
    );
    if (isThere) throw new CliError(`${file} is there already. Choose another name, or remove it first.`);
  }
  for (const { file, content } of files) {
    await mkdir(dirname(file), { recursive: true });
    // between the look and this somebody may have made it
    await writeFile(file, content, { flag: 'wx' });
  }
  return files.map(({ file }) => file);
}

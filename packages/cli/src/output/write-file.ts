import { rename, rm, writeFile } from 'node:fs/promises';
import { CliError } from './cli-error.js';

/** Writes a file in one step: whoever stops this half way, or whose disk is full, keeps the file that was there. */
export async function writeWhole(file: string, content: Uint8Array): Promise<void> {
  const part = `${file}.${process.pid}.part`;
  try {
    await writeFile(part, content);
    await rename(part, file);
  } catch (cause) {
    await rm(part, { force: true }).catch(() => {});
    const { code } = cause as NodeJS.ErrnoException;
    throw new CliError(`${file} cannot be written (${code}). Give another place, or make room there.`, 1, { cause });
  }
}

import { rmSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { CliError } from './cli-error.js';

/** Writes a file in one step: whoever stops this half way, or whose disk is full, keeps the file that was there. */
export async function writeWhole(file: string, content: Uint8Array): Promise<void> {
  const part = `${file}.${process.pid}.part`;
  // also where a signal ends the process
  const remove = () => rmSync(part, { force: true });
  process.once('exit', remove);
  try {
    await writeFile(part, content);
    await rename(part, file);
  } catch (cause) {
    remove();
    const { code } = cause as NodeJS.ErrnoException;
    throw new CliError(`${file} cannot be written (${code}). Give another place, or make room there.`, 1, { cause });
  } finally {
    process.off('exit', remove);
  }
}

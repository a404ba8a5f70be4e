import { open } from 'node:fs/promises';
import { CliError } from '../output/cli-error.js';

/** The first byte of every payload that has a library. No text in UTF-8 begins with it. */
const FUNCTION_OPCODE = 0xf5;

/** A bundle, or what dump has written; by its first byte, and not by its name. */
export async function isPayload(file: string): Promise<boolean> {
  const handle = await open(file).catch((cause) => unreadable(file, cause));
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(1), 0, 1, 0);
    return bytesRead === 1 && buffer[0] === FUNCTION_OPCODE;
  } finally {
    await handle.close();
  }
}

export function unreadable(file: string, cause: NodeJS.ErrnoException): never {
  throw new CliError(`${file} cannot be read (${cause.code}). Give a file that dump or bundle has written.`, 1, {
    cause,
  });
}

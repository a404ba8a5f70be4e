import { open, readFile, stat } from 'node:fs/promises';
import { InvalidPayloadError, type Payload, readPayload } from '@redis-functions/core';
import { CliError } from '../output/cli-error.js';

/** The first byte of every payload that has a library. No text in UTF-8 begins with it. */
const FUNCTION_OPCODE = 0xf5;
const MOST_BYTES = 64 * 1024 * 1024;

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

/** @throws CliError for what cannot be read, is too large, cut off or changed. */
export async function readPayloadFile(file: string): Promise<Payload & { readonly bytes: Buffer }> {
  const { size } = await stat(file).catch((cause) => unreadable(file, cause));
  if (size > MOST_BYTES) {
    throw new CliError(`${file} has ${size} bytes. A payload has ${MOST_BYTES} at most: give one of libraries only.`);
  }
  const bytes = await readFile(file).catch((cause) => unreadable(file, cause));
  try {
    return { ...readPayload(bytes), bytes };
  } catch (cause) {
    if (!(cause instanceof InvalidPayloadError)) throw cause;
    throw new CliError(`${file}: ${cause.message}`, 1, { cause });
  }
}

function unreadable(file: string, cause: NodeJS.ErrnoException): never {
  throw new CliError(`${file} cannot be read (${cause.code}). Give a file that dump or bundle has written.`, 1, {
    cause,
  });
}

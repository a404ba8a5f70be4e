import { readFile, stat } from 'node:fs/promises';
import { InvalidPayloadError, type Payload, readPayload } from '@redis-functions/core';
import { CliError } from '../output/cli-error.js';
import { unreadable } from './is-payload.js';

const MOST_BYTES = 64 * 1024 * 1024;

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

import { createHash } from 'node:crypto';
import { toStructuredBytes } from './structured-fields.js';

const BYTES = 6;

/**
 * The `pk` parameter: tells a client which of its requests count together, without naming what they count by. It is the
 * beginning of a SHA-256 of the key, the same in every process; whoever can guess the key can check the guess.
 */
export function toPartitionKey(key: string): string {
  return toStructuredBytes(createHash('sha256').update(key).digest().subarray(0, BYTES));
}

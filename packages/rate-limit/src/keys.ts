import { createHash } from 'node:crypto';
import { encodeKeyPart, InvalidArgumentError } from '@redis-functions/core';
import type { PolicySet } from './policy/policy-set.js';

const LONGEST_TAG = 256;
/** What encodeKeyPart leaves as it is. */
const PLAIN = /^[\w.@/+=~-]+$/;

/**
 * The part of a key that says who is limited; all policies of one decision share it, and so a cluster slot.
 * A longer text is replaced by its SHA-256: a client that sends a megabyte as its name must not fill the memory of Redis.
 *
 * @throws InvalidArgumentError for what is not a text, and for an empty one: usually a value that was not there, and
 *   everybody without it would share one limit.
 */
export function toKeyTag(key: string): string {
  if (typeof key !== 'string' || key === '') {
    const got = key === '' ? 'empty' : key === null ? 'null' : typeof key;
    throw new InvalidArgumentError(
      'key',
      `key is ${got}. Give a text that tells clients apart, such as an IP or a user id.`,
    );
  }
  // nearly every key is an address or an id: a quick way round what only changes others
  if (key.length <= LONGEST_TAG && PLAIN.test(key)) return key;
  // and for the megabyte
  const encoded = key.length > LONGEST_TAG ? key : encodeKeyPart(key);
  if (encoded.length <= LONGEST_TAG) return encoded;
  // "%s" does not come out of encodeKeyPart: no other key can look like this one; UTF-16 keeps lone surrogates apart
  return `%sha256-${createHash('sha256').update(key, 'utf16le').digest('hex')}`;
}

/** `rl:{203.0.113.7}:login:tb`: prefix, who, policy, algorithm. */
export function pushKeys(keys: string[], prefix: string, tag: string, { keyEndings }: PolicySet): void {
  const beginning = `${prefix}:{${tag}}`;
  for (let i = 0; i < keyEndings.length; i++) keys.push(beginning + keyEndings[i]);
}

export function toKeys(prefix: string, tag: string, set: PolicySet): string[] {
  const keys: string[] = [];
  pushKeys(keys, prefix, tag, set);
  return keys;
}

export function assertPrefix(prefix: unknown): asserts prefix is string {
  if (typeof prefix === 'string' && /^[A-Za-z0-9._:-]{1,64}$/.test(prefix)) return;
  throw new InvalidArgumentError(
    'prefix',
    'prefix must be 1 to 64 letters, digits, ".", "_", ":" or "-"; braces would decide the cluster slot. Choose another.',
  );
}

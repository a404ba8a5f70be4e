import { createHmac, hash, randomBytes } from 'node:crypto';

/**
 * `1.<tag>.<handle>.<secret>`: the tag is the hash tag of the session's keys, the handle its public name (128 bits), the
 * secret what opens it (256 bits; OWASP and ASVS 5.0 7.2.3 ask for 64 and 128).
 */
export interface Token {
  readonly tag: string;
  readonly handle: string;
  readonly secret: string;
}

/** Where a session is, without what opens it. */
export type Place = Pick<Token, 'tag' | 'handle'>;

const FORMAT = /^1\.([\w-]{16})\.([\w-]{22})\.([\w-]{43})$/;
const HANDLE = /^[\w-]{22}$/;
const TAG_LENGTH = 16;

/** Undefined for what cannot be a token: junk costs no round trip. */
export function parseToken(text: unknown): Token | undefined {
  if (typeof text !== 'string') return undefined;
  const [, tag, handle, secret] = FORMAT.exec(text) ?? [];
  return tag && handle && secret ? { tag, handle, secret } : undefined;
}

export function isHandle(text: unknown): text is string {
  return typeof text === 'string' && HANDLE.test(text);
}

export function formatToken({ tag, handle, secret }: Token): string {
  return `1.${tag}.${handle}.${secret}`;
}

export function makeToken(tag: string): Token {
  return { tag, handle: randomBytes(16).toString('base64url'), secret: makeSecret() };
}

export function makeSecret(): string {
  return randomBytes(32).toString('base64url');
}

/** A guest has no other keys to be near to. */
export function guestTag(): string {
  return randomBytes(12).toString('base64url');
}

/** All sessions of a user share a slot, and the cookie does not tell who the user is. */
export function userTag(routingKey: string, namespace: string, userId: string): string {
  const digest = createHmac('sha256', routingKey).update(`${namespace}\0${userId}`).digest('base64url');
  return digest.slice(0, TAG_LENGTH);
}

/** Bits that no two secrets have in common, and that keep each call short. */
const HASH_LENGTH = 32;

/**
 * What is kept of a secret: 192 bits of its SHA-256 (SP 800-107, 5.1, on shorter digests). The secret has 256 random bits
 * itself: a slow hash would protect it no better.
 */
export function hashSecret(secret: string): string {
  return hash('sha256', secret, 'base64url').slice(0, HASH_LENGTH);
}

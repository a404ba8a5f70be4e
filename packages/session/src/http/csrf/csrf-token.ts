import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

const RANDOM_BYTES = 16;

/**
 * A token that belongs to one session and that only this site can make: HMAC of the session's handle and of something
 * random, each with its length, so that no two pairs read the same.
 *
 * Source: OWASP CSRF Prevention Cheat Sheet, "Signed Double-Submit Cookie".
 */
export function makeCsrfToken(secret: string, handle: string): string {
  return join(secret, handle, randomBytes(RANDOM_BYTES).toString('base64url'));
}

export function isCsrfToken(token: string, secrets: readonly string[], handle: string): boolean {
  const [, random] = token.split('.');
  return random !== undefined && secrets.some((secret) => isSame(token, join(secret, handle, random)));
}

/** In a time that says nothing about where they differ. */
export function isSame(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function join(secret: string, handle: string, random: string): string {
  const message = `${handle.length}!${handle}!${random.length}!${random}`;
  return `${createHmac('sha256', secret).update(message).digest('base64url')}.${random}`;
}

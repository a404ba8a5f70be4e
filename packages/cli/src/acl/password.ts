import { createHash, randomBytes } from 'node:crypto';

export interface Password {
  /** To be shown once. */
  readonly text: string;
  /** What the server is told. */
  readonly hash: string;
}

/** 256 bits, in letters that need no quotes anywhere. */
export function generatePassword(): Password {
  const text = randomBytes(32).toString('base64url');
  return { text, hash: createHash('sha256').update(text).digest('hex') };
}

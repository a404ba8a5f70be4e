import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** SESSION_ROUTING_KEY, else one made at the first start and kept in a file that only the owner reads. */
export function openRoutingKey(env: NodeJS.ProcessEnv, file: string): string {
  const given = env['SESSION_ROUTING_KEY'];
  if (given) return given;
  mkdirSync(dirname(file), { recursive: true });
  try {
    // "wx": of two shops that start together, one makes the key and both use it
    writeFileSync(file, randomBytes(32).toString('base64url'), { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return readFileSync(file, 'utf8');
}

import { randomBytes } from 'node:crypto';

/** Tells the decisions of this process from those of every other. */
export const processId = randomBytes(6).toString('base64url');

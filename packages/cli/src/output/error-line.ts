import { RedisFunctionsError } from '@redis-functions/core';
import { CliError } from './cli-error.js';

/** User name and password of any URL in a text, whoever wrote it. */
const CREDENTIALS = /\b(rediss?:\/\/)[^\s/@]*@/g;

/** One line about what went wrong; the stack only of what is a fault of this program. */
export function errorLine(error: unknown): string {
  if (!(error instanceof Error)) return redact(String(error));
  const isExpected = error instanceof CliError || error instanceof RedisFunctionsError;
  return redact(isExpected ? error.message : (error.stack ?? error.message));
}

export function redact(text: string): string {
  return text.replace(CREDENTIALS, '$1…@');
}

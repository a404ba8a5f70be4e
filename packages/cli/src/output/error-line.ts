import { RedisFunctionsError } from '@redis-functions/core';
import { CliError } from './cli-error.js';
import { redact } from './redact.js';

/** One line about what went wrong; the stack only of what is a fault of this program. */
export function errorLine(error: unknown): string {
  if (!(error instanceof Error)) return redact(String(error));
  const isExpected = error instanceof CliError || error instanceof RedisFunctionsError;
  return redact(isExpected ? error.message : (error.stack ?? error.message));
}

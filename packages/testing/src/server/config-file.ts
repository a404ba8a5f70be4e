import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** One line of a configuration: a directive and its values. */
export type Setting = readonly [directive: string, ...values: (string | number)[]];

/**
 * Writes the configuration into the server's folder. A file rather than arguments, so that CONFIG REWRITE works, with which
 * Sentinel makes a change of roles survive a restart, and so that no password is in the list of processes.
 *
 * @returns Its path.
 */
export function writeConfig(directory: string, settings: readonly Setting[]): string {
  const path = join(directory, 'redis-functions.conf');
  const lines = settings.map(([directive, ...values]) => [directive, ...values.map(quote)].join(' '));
  writeFileSync(path, `${lines.join('\n')}\n`, { mode: 0o600 });
  return path;
}

function quote(value: string | number): string {
  const text = String(value);
  return /^[\w./:@*~+&%>|-]+$/.test(text) ? text : JSON.stringify(text);
}

import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** What a server's program is called, the first choice first. */
export const PROGRAMS = ['redis-server', 'valkey-server'] as const;

/** The first redis-server, else the first valkey-server of the PATH. */
export function findOnPath(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return PROGRAMS.flatMap((program) => folders.map((folder) => join(folder, program))).find(isExecutable);
}

export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const BUILD = fileURLToPath(new URL('../tools/build-web.js', import.meta.url));

/** The page as `npm run build` makes it, in a folder of its own: a build of yesterday must not pass for today's. */
export function buildPage(): string {
  const folder = mkdtempSync(join(tmpdir(), 'redis-functions-page-'));
  execFileSync(process.execPath, [BUILD, folder], { stdio: ['ignore', 'ignore', 'inherit'] });
  return folder;
}

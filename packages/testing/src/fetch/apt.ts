import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ServerFetchError } from '../errors.js';

const run = promisify(execFile);

const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

/**
 * Downloads Debian packages and unpacks them into a folder. Nothing is installed and no root is needed: apt works on lists
 * and a package state of its own in `work`.
 *
 * @throws ServerFetchError.
 */
export async function unpackDebianPackages(
  suite: string,
  packages: readonly string[],
  { work, root }: { work: string; root: string },
): Promise<void> {
  const downloads = join(work, 'downloads');
  for (const folder of ['lists/partial', 'cache/archives/partial', 'downloads']) {
    mkdirSync(join(work, folder), { recursive: true });
  }
  writeFileSync(join(work, 'status'), '');
  writeFileSync(join(work, 'sources.list'), `deb [signed-by=${KEYRING}] ${await debianMirror()} ${suite} main\n`);
  const options = [
    `Dir::State=${work}`,
    `Dir::State::Lists=${join(work, 'lists')}`,
    `Dir::State::status=${join(work, 'status')}`,
    `Dir::Cache=${join(work, 'cache')}`,
    `Dir::Etc::SourceList=${join(work, 'sources.list')}`,
    'Dir::Etc::SourceParts=-',
    'APT::Sandbox::User=',
    'Acquire::Languages=none',
  ].flatMap((option) => ['-o', option]);
  await command('apt-get', ['-qq', ...options, 'update']);
  await command('apt-get', ['-qq', ...options, 'download', ...packages], downloads);
  mkdirSync(root, { recursive: true });
  for (const file of readdirSync(downloads)) await command('dpkg', ['-x', join(downloads, file), root]);
}

/** The mirror that this machine already uses. */
async function debianMirror(): Promise<string> {
  if (!existsSync(KEYRING)) {
    throw new ServerFetchError('this system has no keys of the Debian archive, so its packages cannot be checked');
  }
  const targets = await command('apt-get', ['indextargets', '--format', '$(REPO_URI)']);
  const mirror = targets.split('\n').find((uri) => uri !== '' && /debian\/?$/.test(uri));
  if (mirror !== undefined) return mirror;
  const lists =
    targets.trim() === '' ? 'no package lists (run: apt-get update)' : 'no Debian mirror in its package sources';
  throw new ServerFetchError(`this machine has ${lists}`);
}

async function command(program: string, args: readonly string[], cwd?: string): Promise<string> {
  try {
    const { stdout } = await run(program, args, { cwd, maxBuffer: 64 * 1024 * 1024 });
    return stdout;
  } catch (cause) {
    const { code, stderr = '' } = cause as { code?: string | number; stderr?: string };
    if (code === 'ENOENT')
      throw new ServerFetchError(`${program} is not on this system, which is not a Debian`, { cause });
    const lastLine = stderr.trim().split('\n').at(-1) ?? '';
    throw new ServerFetchError(`${program} failed: ${lastLine}`, { cause });
  }
}

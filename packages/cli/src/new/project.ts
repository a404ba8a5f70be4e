import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Runner } from './templates.js';

/** Of a package.json what matters here. */
export interface Manifest {
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly jest?: unknown;
}

/** Where Jest looks for its configuration. */
const JEST_CONFIGS = ['js', 'mjs', 'cjs', 'ts', 'mts', 'cts', 'json'].map((ending) => `jest.config.${ending}`);

/** The name of the file, or `package.json` where it is in there; undefined where the project does not use Jest. */
export async function jestConfigOf(project: string, manifest: Manifest): Promise<string | undefined> {
  for (const name of JEST_CONFIGS) if (await isThere(join(project, name))) return name;
  return manifest.jest === undefined ? undefined : 'package.json';
}

/** What the tests of a project are run by, as far as it says so. */
export async function runnerOf(project: string): Promise<Runner> {
  const text = await readFile(join(project, 'package.json'), 'utf8').catch(() => '{}');
  try {
    return (await jestConfigOf(project, JSON.parse(text) as Manifest)) === undefined ? 'node' : 'jest';
  } catch {
    return 'node';
  }
}

function isThere(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

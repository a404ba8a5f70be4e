import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Manifest } from '../new/project.js';
import { CliError } from '../output/cli-error.js';

/** `deploy` alone is the application's own in many projects. */
const SCRIPTS = {
  'lint:lua': 'redis-functions lint lua/',
  'test:lua': 'redis-functions test --coverage',
  'deploy:lua': 'redis-functions deploy lua/',
};

export interface ManifestFile {
  readonly file: string;
  readonly text: string;
  readonly content: Manifest;
}

/** @throws CliError where there is none, or something else. */
export async function readManifest(project: string): Promise<ManifestFile> {
  const file = join(project, 'package.json');
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') {
      throw new CliError(`There is no ${file}. Make it with npm init, or give the folder that has one with --dir.`);
    }
    throw new CliError(`${file} cannot be read (${cause.code}). Check its permissions.`, 1, { cause });
  });
  return { file, text, content: parse(file, text) };
}

export function missingScripts({ scripts = {} }: Manifest): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(SCRIPTS).filter(([name]) => !Object.hasOwn(scripts, name)));
}

/** The text with these scripts at the end of its own, indented as it is. */
export function withScripts({ text, content }: ManifestFile, scripts: Readonly<Record<string, string>>): string {
  const indent = /^\{\r?\n([ \t]+)"/.exec(text)?.[1] ?? 2;
  const changed = JSON.stringify({ ...content, scripts: { ...content.scripts, ...scripts } }, undefined, indent);
  return `${changed}\n`;
}

function parse(file: string, text: string): Manifest {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (cause) {
    throw new CliError(`${file} is not JSON: ${(cause as Error).message}. Mend it first.`, 1, { cause });
  }
  const { scripts = {} } = (content ?? {}) as { scripts?: unknown };
  const isObject = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isObject(content) || !isObject(scripts)) {
    throw new CliError(`${file} is not the description of a package. Make it with npm init.`);
  }
  return content as Manifest;
}

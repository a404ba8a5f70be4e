import { mkdir, readFile } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { registrationsIn } from '@redis-functions/core';
import { type LibraryFile, readLibraries } from '../libraries/read-libraries.js';
import { readLibrary } from '../lint/library.js';
import { CliError } from '../output/cli-error.js';
import { writeWhole } from '../output/write-file.js';
import { annotationsAbove } from './annotations.js';
import type { BoundFunction } from './binding.js';
import { moduleText } from './module-text.js';

/** A module, and whether it is on the disk as it should be. */
export interface GeneratedModule {
  readonly source: string;
  readonly file: string;
  readonly text: string;
  readonly isCurrent: boolean;
}

/**
 * What the modules of libraries should be: `lua/cart.lua` becomes `src/generated/cart.lua.ts` beside its folder.
 *
 * @param out Another folder for all of them.
 * @throws CliError with file and line for an annotation that cannot be.
 */
export async function modulesOf(paths: readonly string[], out?: string): Promise<GeneratedModule[]> {
  const libraries = await readLibraries(paths);
  return Promise.all(
    libraries.map(async (library) => {
      const { file: source } = library;
      const file = join(out ?? join(dirname(source), '..', 'src', 'generated'), `${basename(source)}.ts`);
      const text = toModule(library, file);
      const there = await readFile(file, 'utf8').catch(() => undefined);
      return { source, file, text, isCurrent: there === text };
    }),
  );
}

export async function writeModules(modules: readonly GeneratedModule[]): Promise<void> {
  for (const { file, text } of modules) {
    await mkdir(dirname(file), { recursive: true });
    await writeWhole(file, Buffer.from(text));
  }
}

function toModule({ file, library: { code, name, version } }: LibraryFile, module: string): string {
  return moduleText({
    source: relative(dirname(module), file).replaceAll('\\', '/'),
    fileName: basename(file),
    code,
    name,
    version,
    registered: registrationsIn(code) ?? [],
    bound: boundIn(file, code, name),
  });
}

function boundIn(file: string, code: string, library: string): BoundFunction[] {
  const lines = code.split('\n');
  const bound = readLibrary(code).registered.flatMap(({ name, flags, callback, call }) => {
    // above the function, or above the call that registers it where it is written there
    const annotations =
      (callback && annotationsAbove(file, lines, callback.loc.start.line)) ??
      annotationsAbove(file, lines, call.loc.start.line);
    return annotations ? [{ name, property: propertyOf(name, library), flags: flags ?? [], annotations }] : [];
  });
  const properties = bound.map(({ property }) => property);
  const twice = bound.find(({ property }, index) => properties.indexOf(property) < index);
  if (twice) throw new CliError(`${file}: two functions would be called ${twice.property}. Rename ${twice.name}.`);
  return bound;
}

/** `cart_add_many` of the library `cart` is called `addMany`. */
function propertyOf(name: string, library: string): string {
  const own = name.startsWith(`${library}_`) ? name.slice(library.length + 1) : name;
  const property = own.replace(/_+(\w)/g, (_, letter: string) => letter.toUpperCase());
  return /^[A-Za-z_]/.test(property) ? property : name;
}

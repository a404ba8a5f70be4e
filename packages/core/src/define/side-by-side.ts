import { InvalidDefinitionError } from '../errors.js';
import type { FunctionTable } from './library.js';
import { registrationsIn } from './registrations.js';

/**
 * A library under the names of its major version, so that releases of the application that call different major versions
 * run side by side: `cart` 2.1.0 becomes `cart_2`, and its function `cart_add` becomes `cart_2_add`.
 */
export interface VersionedName {
  readonly base: string;
  readonly major: number;
}

export function versionedLibraryName({ base, major }: VersionedName): string {
  return `${base}_${major}`;
}

export function versionedFunctionName(versioned: VersionedName, name: string): string {
  const rest = name.startsWith(`${versioned.base}_`) ? name.slice(versioned.base.length + 1) : name;
  return `${versionedLibraryName(versioned)}_${rest}`;
}

/**
 * Renames the library and every function that it registers, and nothing else: lines stay lines.
 *
 * @throws InvalidDefinitionError for a text that is not Lua, or whose functions' names are not written out.
 */
export function renameCode(code: string, versioned: VersionedName, functions: FunctionTable): string {
  const registrations = registrationsIn(code);
  if (!registrations) throw cannotRename(versioned, 'its text is not Lua');
  const missing = Object.values(functions).find(({ name }) => !registrations.some((each) => each.name === name));
  if (missing) throw cannotRename(versioned, `it does not register "${missing.name}" by a name that is written out`);
  let renamed = code;
  // from the end, so that the positions before stay right
  for (const { name, range } of [...registrations].sort((left, right) => right.range[0] - left.range[0])) {
    const [start, end] = range;
    renamed = `${renamed.slice(0, start)}'${versionedFunctionName(versioned, name)}'${renamed.slice(end)}`;
  }
  return renamed.replace(/^(#!lua[ \t]+name=)("?)[A-Za-z0-9_]+\2/i, `$1$2${versionedLibraryName(versioned)}$2`);
}

export function renameFunctions<F extends FunctionTable>(functions: F, versioned: VersionedName): F {
  const renamed = Object.entries(functions).map(([key, definition]) => [
    key,
    { ...definition, name: versionedFunctionName(versioned, definition.name) },
  ]);
  return Object.fromEntries(renamed) as F;
}

function cannotRename({ base }: VersionedName, why: string): InvalidDefinitionError {
  return new InvalidDefinitionError(
    `Library "${base}" cannot run side by side: ${why}. ` +
      'Write redis.register_function with the name as a literal, or leave sideBySide out.',
  );
}

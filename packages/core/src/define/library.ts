import { InvalidDefinitionError } from '../errors.js';
import { tellDefinition } from '../telemetry/channels.js';
import type { FunctionDefinition } from './function.js';
import { hashCode, parseHeader } from './header.js';
import { renameCode, renameFunctions, type VersionedName, versionedLibraryName } from './side-by-side.js';

// biome-ignore lint/suspicious/noExplicitAny: the widest table of definitions; each keeps its own types in `F`
export type FunctionTable = Readonly<Record<string, FunctionDefinition<any, unknown>>>;

export interface LibraryOptions<F extends FunctionTable> {
  /** The text of the Lua file, byte for byte: a server's line number is then a line of the file. */
  code: string;
  /** TypeScript name → definition. */
  functions: F;
  /**
   * What the text registers: function → flags, as a module of `redis-functions generate` has it. With it a binding of a
   * function that is not there, or that is `readOnly` and may write, is refused at the start. Default: not checked.
   */
  registered?: Readonly<Record<string, readonly string[] | undefined>>;
  /**
   * Loads each major version under names of its own (`cart_2`, `cart_2_add`), so that releases which call different ones
   * run side by side. `prune()` removes those that nobody calls any more. Needs a version. Default: false.
   */
  sideBySide?: boolean;
}

export interface Library<F extends FunctionTable = FunctionTable> {
  /** What the server calls it. */
  readonly name: string;
  /** From the header's `-- @version`; undefined where it has none. */
  readonly version: string | undefined;
  /** SHA-256 of the code, in hexadecimal. */
  readonly hash: string;
  readonly code: string;
  readonly functions: F;
  /** Set for a library that runs side by side with its other major versions. */
  readonly versioned: VersionedName | undefined;
}

/**
 * Describes a library: its Lua text, which names itself, and the TypeScript names of its functions.
 *
 * @throws InvalidDefinitionError for a text without header, for no functions, and for names that differ only by case
 *   (Redis takes function names without regard to case; such a library crashes the server at its next replace), and for
 *   functions that `registered` does not have.
 */
export function defineLibrary<const F extends FunctionTable>(options: LibraryOptions<F>): Library<F> {
  const { functions, registered, sideBySide = false } = options;
  const { name, version } = parseHeader(options.code);
  const code = tellDefinition(options.code);
  assertNames(name, functions);
  if (registered) assertRegistered(name, functions, registered);
  if (!sideBySide) {
    return Object.freeze({ name, version, hash: hashCode(code), code, functions, versioned: undefined });
  }
  if (version === undefined) {
    throw new InvalidDefinitionError(
      `Library "${name}" runs side by side and has no version. Write "-- @version 1.0.0" under its first line.`,
    );
  }
  const versioned = { base: name, major: Number(version.split('.')[0]) };
  const renamed = renameCode(code, versioned, functions);
  return Object.freeze({
    name: versionedLibraryName(versioned),
    version,
    hash: hashCode(renamed),
    code: renamed,
    functions: renameFunctions(functions, versioned),
    versioned,
  });
}

function assertNames(name: string, functions: FunctionTable): void {
  const definitions = Object.values(functions);
  if (definitions.length === 0) {
    throw new InvalidDefinitionError(
      `Library "${name}" binds no function. Give defineLibrary at least one in "functions".`,
    );
  }
  const seen = new Map<string, string>();
  for (const definition of definitions) {
    const twin = seen.get(definition.name.toLowerCase());
    if (twin !== undefined && twin !== definition.name) {
      throw new InvalidDefinitionError(
        `Library "${name}" binds "${twin}" and "${definition.name}", which Redis takes for one name. Rename one of them.`,
      );
    }
    seen.set(definition.name.toLowerCase(), definition.name);
  }
}

function assertRegistered(
  library: string,
  functions: FunctionTable,
  registered: NonNullable<LibraryOptions<FunctionTable>['registered']>,
): void {
  for (const { name, readOnly } of Object.values(functions)) {
    if (!Object.hasOwn(registered, name)) {
      const names = Object.keys(registered).join(', ');
      throw new InvalidDefinitionError(`Library "${library}" registers no "${name}". Bind one of ${names}.`);
    }
    const flags = registered[name];
    if (readOnly && flags !== undefined && !flags.includes('no-writes')) {
      throw new InvalidDefinitionError(
        `"${name}" is bound as readOnly and registered without the flag no-writes: servers refuse FCALL_RO. Add the flag, ` +
          'or leave readOnly out.',
      );
    }
  }
}

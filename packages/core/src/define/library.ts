import { InvalidDefinitionError } from '../errors.js';
import type { FunctionDefinition } from './function.js';
import { hashCode, parseHeader } from './header.js';

// biome-ignore lint/suspicious/noExplicitAny: the widest table of definitions; each keeps its own types in `F`
export type FunctionTable = Readonly<Record<string, FunctionDefinition<any, unknown>>>;

export interface LibraryOptions<F extends FunctionTable> {
  /** The text of the Lua file, byte for byte: a server's line number is then a line of the file. */
  code: string;
  /** TypeScript name → definition. */
  functions: F;
}

export interface Library<F extends FunctionTable = FunctionTable> {
  readonly name: string;
  /** From the header's `-- @version`; undefined where it has none. */
  readonly version: string | undefined;
  /** SHA-256 of the code, in hexadecimal. */
  readonly hash: string;
  readonly code: string;
  readonly functions: F;
}

/**
 * Describes a library: its Lua text, which names itself, and the TypeScript names of its functions.
 *
 * @throws InvalidDefinitionError for a text without header, for no functions, and for names that differ only by case
 *   (Redis takes function names without regard to case; such a library crashes the server at its next replace).
 */
export function defineLibrary<const F extends FunctionTable>({ code, functions }: LibraryOptions<F>): Library<F> {
  const { name, version } = parseHeader(code);
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
  return Object.freeze({ name, version, hash: hashCode(code), code, functions });
}

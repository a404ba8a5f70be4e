import type { FunctionTable, Library } from './define/library.js';
import { InvalidArgumentError } from './errors.js';
import type { LibraryInfo, ListOptions } from './manage/list.js';

/** The libraries of one client: one of each name. */
export class LibrarySet {
  readonly #byName = new Map<string, Library>();
  readonly #byFunction = new Map<string, Library>();

  constructor(libraries: readonly Library[]) {
    for (const library of libraries) this.add(library);
  }

  add(library: Library): void {
    const known = this.#byName.get(library.name);
    if (known && known.hash !== library.hash) {
      throw new InvalidArgumentError(
        'libraries',
        `Two libraries are called "${library.name}" and have different code. Rename one of them in its "#!lua" line.`,
      );
    }
    this.#byName.set(library.name, library);
    for (const { name } of definitions(library)) this.#byFunction.set(name.toLowerCase(), library);
  }

  all(): readonly Library[] {
    return [...this.#byName.values()];
  }

  /** Redis takes function names without regard to case. */
  withFunction(name: string): Library | undefined {
    return this.#byFunction.get(name.toLowerCase());
  }

  /** What FUNCTION LIST would say, for servers that have no functions. */
  describe({ name, withCode = false }: ListOptions = {}): LibraryInfo[] {
    return this.all()
      .filter((library) => name === undefined || library.name === name)
      .map((library) => ({
        name: library.name,
        version: library.version,
        hash: library.hash,
        engine: 'LUA',
        functions: definitions(library).map((definition) => ({
          name: definition.name,
          description: null,
          flags: definition.readOnly ? ['no-writes'] : [],
        })),
        ...(withCode ? { code: library.code } : {}),
      }));
  }
}

function definitions(library: Library): FunctionTable[string][] {
  return Object.values(library.functions);
}

import type { Library } from '../define/library.js';
import { DeployError } from '../errors.js';
import type { LibraryInfo } from '../manage/list.js';

/**
 * During a rolling release, instances of the application that call the old library run against the new one. So the new one
 * must have every function of the old one, callable the same way.
 *
 * A function counts as there when this library binds it, or when its text names it in quotes.
 *
 * @throws DeployError `INCOMPATIBLE`.
 */
export function assertSuperset(loaded: LibraryInfo, library: Library): void {
  const bound = new Map(
    Object.values(library.functions).map((definition) => [definition.name.toLowerCase(), definition]),
  );
  for (const { name, flags } of loaded.functions) {
    const definition = bound.get(name.toLowerCase());
    if (!definition && !new RegExp(`(['"])${name}\\1`, 'i').test(library.code)) {
      throw incompatible(library, loaded, `has no function "${name}"`);
    }
    if (definition && flags.includes('no-writes') && !definition.readOnly) {
      throw incompatible(
        library,
        loaded,
        `calls "${name}" as a function that writes, which older releases call with FCALL_RO`,
      );
    }
  }
}

function incompatible(library: Library, loaded: LibraryInfo, what: string): DeployError {
  return new DeployError(
    'INCOMPATIBLE',
    library.name,
    `Library "${library.name}" ${library.version ?? ''} ${what}, and ${loaded.version ?? 'the one on the server'} is loaded: ` +
      'older instances of the application would fail. Keep the function, deploy with force when none runs any more, ' +
      'or give the library "sideBySide: true" and a new major version, so that both run.',
  );
}

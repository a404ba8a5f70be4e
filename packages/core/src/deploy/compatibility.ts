import type { Library } from '../define/library.js';
import { registrationsIn } from '../define/registrations.js';
import { DeployError } from '../errors.js';
import type { LibraryInfo } from '../manage/list.js';

/**
 * During a rolling release, instances of the application that call the old library run against the new one. So the new one
 * must have every function of the old one, and a function that was called with FCALL_RO must stay callable so.
 *
 * A function counts as there when this library binds it, or when its text registers it by a name that is written out.
 *
 * @throws DeployError `INCOMPATIBLE`.
 */
export function assertSuperset(loaded: LibraryInfo, library: Library): void {
  const registered = registrationsIn(library.code);
  // not Lua: the server will say so
  if (!registered) return;
  const bound = Object.values(library.functions);
  for (const { name, flags } of loaded.functions) {
    const isSame = (other: { readonly name: string }) => other.name.toLowerCase() === name.toLowerCase();
    const registration = registered.find(isSame);
    if (!registration && !bound.some(isSame)) throw incompatible(library, loaded, `has no function "${name}"`);
    if (flags.includes('no-writes') && registration?.flags && !registration.flags.includes('no-writes')) {
      throw incompatible(
        library,
        loaded,
        `registers "${name}" without no-writes, and older releases call it by FCALL_RO`,
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

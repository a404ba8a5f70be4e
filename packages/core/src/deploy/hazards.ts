import type { Library } from '../define/library.js';
import { registrationsIn, serverCallsIn } from '../define/registrations.js';
import { DeployError } from '../errors.js';

/**
 * Refuses what is known to crash servers when it is loaded or replaced, before it is sent.
 *
 * - Two functions whose names differ only by case: the library loads, and the next DELETE or LOAD REPLACE aborts the server
 *   (every Redis and Valkey up to the middle of 2026; valkey-io/valkey#3925).
 * - redis.log outside of a function: Valkey 9.1 ends with SIGSEGV.
 *
 * @throws DeployError `UNSAFE`.
 */
export function assertHarmless(library: Pick<Library, 'name' | 'code'>): void {
  const log = serverCallsIn(library.code)?.find(({ callee, isAtLoad }) => callee === 'log' && isAtLoad);
  if (log) {
    throw unsafe(
      library,
      log.line,
      'calls redis.log outside of a function, which crashes Valkey 9.1',
      'Log inside one',
    );
  }
  const names = new Map<string, string>();
  for (const { name, line } of registrationsIn(library.code) ?? []) {
    const twin = names.get(name.toLowerCase());
    if (twin !== undefined && twin !== name) {
      const what = `registers "${twin}" and "${name}", which Redis takes for one name and crashes on at the next replace`;
      throw unsafe(library, line, what, 'Rename one of them');
    }
    names.set(name.toLowerCase(), name);
  }
}

function unsafe({ name }: Pick<Library, 'name'>, line: number, what: string, remedy: string): DeployError {
  return new DeployError('UNSAFE', name, `Line ${line} of library "${name}" ${what}. ${remedy}.`);
}

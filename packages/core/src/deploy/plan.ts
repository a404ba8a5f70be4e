import { compareVersions, hashCode, versionOf } from '../define/header.js';
import type { Library } from '../define/library.js';
import { DeployError } from '../errors.js';

/** What a deploy does, or did, with one library on one server. */
export type DeployAction =
  /** The server did not have it. */
  | 'loaded'
  /** The server had an older version, or other code without a version. */
  | 'replaced'
  /** The server has exactly this code; loading it again would reset its state and replicate for nothing. */
  | 'unchanged'
  /** The server has a newer version, which another release of the application brought. It stays. */
  | 'kept-newer';

export interface PlannedLibrary {
  readonly library: Library;
  readonly action: DeployAction;
  /** Version on the server before; undefined where it has none or was not there. */
  readonly versionBefore: string | undefined;
}

/**
 * Decides from the code on the server. The code itself is the record: a registry beside it could lie.
 *
 * @throws DeployError `DRIFT` when the same version has other code, unless `force`.
 */
export function planLibrary(library: Library, codeOnServer: string | undefined, force: boolean): PlannedLibrary {
  if (codeOnServer === undefined) return { library, action: 'loaded', versionBefore: undefined };
  const versionBefore = versionOf(codeOnServer);
  if (codeOnServer === library.code) return { library, action: 'unchanged', versionBefore };
  const order = compareVersions(library.version, versionBefore);
  if (order < 0 && !force) return { library, action: 'kept-newer', versionBefore };
  if (order === 0 && library.version !== undefined && !force) {
    throw new DeployError(
      'DRIFT',
      library.name,
      `Library "${library.name}" ${library.version} on the server has other code (sha256 ${short(hashCode(codeOnServer))}) ` +
        `than this one (sha256 ${short(library.hash)}). Raise "-- @version" in the file, or deploy with force.`,
    );
  }
  return { library, action: 'replaced', versionBefore };
}

function short(hash: string): string {
  return hash.slice(0, 12);
}

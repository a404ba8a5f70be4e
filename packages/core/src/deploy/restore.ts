import type { PrimaryNode } from '../client/port.js';
import { libraryNameOf, versionOf } from '../define/header.js';
import { registrationsIn } from '../define/registrations.js';
import { DeployError, InvalidPayloadError } from '../errors.js';
import { listLibraries } from '../manage/list.js';
import { readPayload } from '../payload/read-payload.js';
import { writePayload } from '../payload/write-payload.js';
import { tellDeploy } from '../telemetry/channels.js';
import { assertHarmless } from './hazards.js';

/**
 * What becomes of libraries that are there: `append` refuses when a library of the payload exists, `replace` replaces it,
 * `flush` first removes every library, those of others included.
 */
export type RestorePolicy = 'append' | 'replace' | 'flush';

/** What can be known before anything is sent. */
export interface PackedLibrary {
  readonly name: string;
  readonly version: string | undefined;
  readonly code: string;
  /** In small letters, as the server compares them. */
  readonly functionNames: ReadonlySet<string>;
}

/** @throws InvalidPayloadError; DeployError `UNSAFE`. */
export function librariesOf(payload: Uint8Array): PackedLibrary[] {
  return readPayload(payload).codes.map((code) => {
    const name = libraryNameOf(code);
    if (name === undefined) {
      throw new InvalidPayloadError('The payload holds a text without "#!lua name=NAME". Make it again, of libraries.');
    }
    assertHarmless({ name, code });
    const functionNames = new Set(registrationsIn(code)?.map((each) => each.name.toLowerCase()));
    return { name, version: versionOf(code), code, functionNames };
  });
}

/**
 * Restores on every server, in one step on each. The payload is written anew, in the version that every server reads: one
 * of a newer server, or of the other product, would be refused.
 *
 * @returns The servers.
 * @throws DeployError `ALREADY_EXISTS` before the first server is changed.
 */
export async function restoreOn(
  nodes: readonly PrimaryNode[],
  libraries: readonly PackedLibrary[],
  policy: RestorePolicy,
): Promise<string[]> {
  if (policy !== 'flush') await Promise.all(nodes.map((node) => assertRoom(node, libraries, policy)));
  const payload = writePayload(libraries.map(({ code }) => code));
  await Promise.all(
    nodes.map(async (node) => {
      await node.send(['FUNCTION', 'RESTORE', payload, policy.toUpperCase()]);
      for (const { name, version } of libraries) {
        tellDeploy({ node: node.id, library: name, version, action: 'restored', healing: false });
      }
    }),
  );
  return nodes.map(({ id }) => id);
}

/** What one server would refuse is found before another one is changed. */
async function assertRoom(
  node: PrimaryNode,
  libraries: readonly PackedLibrary[],
  policy: Exclude<RestorePolicy, 'flush'>,
): Promise<void> {
  for (const there of await listLibraries(node)) {
    const same = libraries.find(({ name }) => name === there.name);
    if (same && policy === 'append') {
      throw exists(same, `Library "${same.name}" already exists on ${node.id}`, 'Restore with the policy "replace"');
    }
    if (same) continue;
    for (const { name } of there.functions) {
      const owner = libraries.find(({ functionNames }) => functionNames.has(name.toLowerCase()));
      if (!owner) continue;
      const what = `The function "${name}" of "${owner.name}" already exists on ${node.id}, in the library "${there.name}"`;
      throw exists(owner, what, 'Delete that one, or rename the function');
    }
  }
}

function exists({ name }: PackedLibrary, what: string, remedy: string): DeployError {
  return new DeployError('ALREADY_EXISTS', name, `${what}. Nothing was changed. ${remedy}.`);
}

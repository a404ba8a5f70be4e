import { type DeployedLibrary, type FunctionInfo, registrationsIn } from '@redis-functions/core';
import { readLibraries } from './read-libraries.js';

/** What `list({ withCode: true })` answers for a server, of a file. */
export async function librariesInFile(file: string): Promise<DeployedLibrary[]> {
  const libraries = await readLibraries([file]);
  return libraries
    .map(({ library: { name, version, hash, code } }) => ({
      name,
      version,
      hash,
      engine: 'LUA',
      functions: (registrationsIn(code) ?? []).map(toFunctionInfo),
      code,
      nodes: [file],
      differsOn: [],
    }))
    .sort((left, right) => (left.name < right.name ? -1 : 1));
}

function toFunctionInfo({ name, flags }: { name: string; flags: readonly string[] | undefined }): FunctionInfo {
  // what a library puts together at run time, only a server knows
  return { name, description: null, flags: flags ?? ['unknown'] };
}

import type { DeployedLibrary, Library } from '@redis-functions/core';
import type { LibraryOnPrimary, LibraryView } from './view.js';

/** A library of this release, and what each primary has in its place. */
export function libraryView(
  library: Library,
  deployed: readonly DeployedLibrary[],
  primaries: readonly string[],
): LibraryView {
  const entries = deployed.filter(({ name }) => name === library.name);
  return {
    name: library.name,
    version: library.version ?? '',
    functions: Object.values(library.functions).map(({ name }) => name),
    on: primaries.map((primary) => {
      const found = entries.find(({ nodes }) => nodes.includes(primary));
      return { primary, version: found?.version ?? null, state: stateOf(library, found) };
    }),
  };
}

function stateOf(library: Library, found: DeployedLibrary | undefined): LibraryOnPrimary['state'] {
  if (!found) return 'missing';
  if (found.hash === library.hash) return 'same';
  const order = (found.version ?? '').localeCompare(library.version ?? '', 'en', { numeric: true });
  if (order === 0) return 'other';
  return order > 0 ? 'newer' : 'older';
}

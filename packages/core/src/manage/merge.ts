import type { LibraryInfo } from './list.js';

/** A library, and which servers have exactly this code of it. */
export interface DeployedLibrary extends LibraryInfo {
  readonly nodes: readonly string[];
  /** Servers that have none of its name, or have other code; for the latter there is another entry. */
  readonly differsOn: readonly string[];
}

/** One entry per library and code: two entries of one name are a difference between servers. */
export function mergeLists(
  lists: readonly { readonly node: string; readonly libraries: readonly LibraryInfo[] }[],
): DeployedLibrary[] {
  const all = lists.map(({ node }) => node);
  const merged = new Map<string, LibraryInfo & { nodes: string[] }>();
  for (const { node, libraries } of lists) {
    for (const library of libraries) {
      const id = `${library.name}:${library.hash}`;
      const entry = merged.get(id) ?? { ...library, nodes: [] };
      entry.nodes.push(node);
      merged.set(id, entry);
    }
  }
  return [...merged.values()]
    .map((entry) => ({ ...entry, differsOn: all.filter((node) => !entry.nodes.includes(node)) }))
    .sort((left, right) => (left.name < right.name ? -1 : left.name > right.name ? 1 : 0));
}

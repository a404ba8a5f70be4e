import type { RedisNode } from '../server/redis-node.js';

/** Loads every library of one node on another. By their text: a FUNCTION DUMP is binary, and of one version only. */
export async function copyFunctions(from: RedisNode, to: RedisNode): Promise<void> {
  const libraries = (await from.command('FUNCTION', 'LIST', 'WITHCODE')) as unknown[][];
  for (const library of libraries) {
    const code = library[library.indexOf('library_code') + 1];
    await to.command('FUNCTION', 'LOAD', String(code));
  }
}

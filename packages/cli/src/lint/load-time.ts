import type { Names } from './names.js';
import type { LuaNode, Visited } from './syntax-tree.js';

/** The functions that are called while the library is loaded, as far as it is written out. */
export function calledAtLoad(calls: readonly Visited[], names: Names): ReadonlySet<LuaNode> {
  const called = new Set<LuaNode>();
  for (let before = -1; before !== called.size; ) {
    before = called.size;
    for (const { node, functions } of calls) {
      const innermost = functions.at(-1);
      const callee = innermost === undefined || called.has(innermost) ? names.function(node['base']) : undefined;
      if (callee) called.add(callee);
    }
  }
  return called;
}

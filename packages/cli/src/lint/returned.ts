import type { LuaLibrary } from './library.js';
import { isCall, type LuaNode, nodes } from './syntax-tree.js';

type Returned = readonly (readonly LuaNode[])[];

/** Each rule about replies asks for it. */
const returned = new WeakMap<LuaLibrary, Returned>();

/** What the callbacks return, and the local functions whose results they hand on. */
export function returnedBy(library: LuaLibrary): Returned {
  const found = returned.get(library) ?? findReturned(library);
  returned.set(library, found);
  return found;
}

function findReturned({ registered, names, of }: LuaLibrary): Returned {
  const byFunction = new Map<LuaNode, (readonly LuaNode[])[]>();
  for (const { node, functions } of of('ReturnStatement')) {
    const body = functions.at(-1);
    if (!body) continue;
    const known = byFunction.get(body) ?? [];
    byFunction.set(body, known);
    known.push(nodes(node['arguments']));
  }
  const answering = new Set(registered.flatMap(({ callback }) => (callback ? [callback] : [])));
  for (const body of answering) {
    for (const values of byFunction.get(body) ?? []) {
      const handedOn = values.length === 1 && isCall(values[0]) ? names.function(values[0]['base']) : undefined;
      if (handedOn) answering.add(handedOn);
    }
  }
  return [...answering].flatMap((body) => byFunction.get(body) ?? []);
}

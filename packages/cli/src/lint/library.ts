import { calledAtLoad } from './load-time.js';
import { Names } from './names.js';
import { Reach } from './reach.js';
import { type Registered, registeredBy } from './registered.js';
import { resolveScopes } from './scopes.js';
import { type Command, commandsAmong, type ServerCall, serverCalls } from './server-calls.js';
import { type LuaNode, parseLua, type Visited, walk } from './syntax-tree.js';

/** What rules look at. */
export interface LuaLibrary {
  readonly code: string;
  /** The file itself. */
  readonly chunk: LuaNode;
  readonly names: Names;
  /** The nodes of these types, each with the functions that it is in. */
  of(...types: readonly string[]): readonly Visited[];
  /** What is in these functions runs while the library is loaded: in none, or in one that is called then. */
  isAtLoad(functions: readonly LuaNode[]): boolean;
  readonly registered: readonly Registered[];
  readonly serverCalls: readonly ServerCall[];
  readonly commands: readonly Command[];
  /** Commands of a function, those of the local functions that it calls included. */
  commandsOf(callback: LuaNode): readonly Command[];
  /** Calls something that is not seen through: what it does is not known. */
  isOpaque(callback: LuaNode): boolean;
}

export const CALLS = ['CallExpression', 'TableCallExpression', 'StringCallExpression'] as const;

/** @throws SyntaxError as `parseLua`. */
export function readLibrary(code: string): LuaLibrary {
  const chunk = parseLua(code);
  const of = indexed(walk(chunk));
  const names = new Names(resolveScopes(chunk));
  const calls = serverCalls(of(...CALLS), names);
  const commands = commandsAmong(calls, names);
  const reach = new Reach(of, names);
  const early = calledAtLoad(of(...CALLS), names);
  return {
    code,
    chunk,
    names,
    of,
    isAtLoad(functions) {
      const innermost = functions.at(-1);
      return innermost === undefined || early.has(innermost);
    },
    registered: calls.flatMap((call) => registeredBy(call, names)),
    serverCalls: calls,
    commands,
    commandsOf(callback) {
      const reached = reach.from(callback);
      return commands.filter(({ functions }) => functions.some((body) => reached.has(body)));
    },
    isOpaque: (callback) => reach.isOpaque(callback),
  };
}

/** In the order of the text, also of several types. Rules ask for the same ones again and again. */
function indexed(all: readonly Visited[]): (...types: readonly string[]) => readonly Visited[] {
  const known = new Map<string, Visited[]>();
  for (const visited of all) {
    const { type } = visited.node;
    const found = known.get(type);
    if (found) found.push(visited);
    else known.set(type, [visited]);
  }
  return (...types) => {
    const id = types.join();
    let found = known.get(id);
    if (!found) {
      found = types.flatMap((type) => known.get(type) ?? []).sort((left, right) => left.place - right.place);
      known.set(id, found);
    }
    return found;
  };
}

import type { Rule } from './rules.js';
import type { Variable } from './scopes.js';
import { type LuaNode, nodes, type Visited } from './syntax-tree.js';

const MOST_LOCALS = 200;
const MOST_UPVALUES = 60;

/** What Lua 5.1 has no room for: the server refuses such a library. */
export const limitRules = {
  'too-many-locals': ({ chunk, of }, report) => {
    const count = new Map<LuaNode, number>();
    const add = ({ functions }: Visited, more: number) => {
      const body = functions.at(-1) ?? chunk;
      count.set(body, (count.get(body) ?? 0) + more);
    };
    for (const visited of of('LocalStatement')) add(visited, nodes(visited.node['variables']).length);
    for (const visited of of('FunctionDeclaration')) {
      const { node, functions } = visited;
      if (node['isLocal'] === true) add(visited, 1);
      add({ node, functions: [...functions, node] }, nodes(node['parameters']).length);
    }
    for (const [body, locals] of count) {
      if (locals <= MOST_LOCALS) continue;
      const message = `Lua has room for ${MOST_LOCALS} locals here, and there are ${locals}. Put some of them into a table.`;
      report(body === chunk ? { ...chunk, loc: { start: { line: 1, column: 0 } } } : body, message);
    }
  },
  'too-many-upvalues': ({ of, names }, report) => {
    const outer = new Map<LuaNode, Set<Variable>>();
    for (const { node, functions } of of('Identifier')) {
      const variable = functions.length > 0 ? names.variable(node) : undefined;
      if (!variable) continue;
      // an upvalue of each function between the one that has it and the one that names it
      const inside = variable.owner === undefined ? 0 : functions.indexOf(variable.owner) + 1;
      for (const body of functions.slice(inside)) {
        const known = outer.get(body) ?? new Set();
        outer.set(body, known.add(variable));
      }
    }
    for (const [body, { size }] of outer) {
      if (size <= MOST_UPVALUES) continue;
      report(
        body,
        `A function can use ${MOST_UPVALUES} locals from outside, and this one uses ${size}. Put some of them into a table.`,
      );
    }
  },
} as const satisfies Readonly<Record<string, Rule>>;

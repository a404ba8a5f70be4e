import type { Rule } from './rules.js';
import type { Variable } from './scopes.js';
import { type LuaNode, nodes } from './syntax-tree.js';

/** Lua 5.1 has room for so many variables in a function, and in the file itself. */
export const MOST_LOCALS = 200;
const MOST_UPVALUES = 60;

/** What Lua 5.1 has no room for: the server refuses such a library. */
export const limitRules = {
  'too-many-locals': ({ chunk, of }, report) => {
    for (const body of [chunk, ...of('FunctionDeclaration').map(({ node }) => node)]) {
      const locals = mostLocals(body);
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

/** The most that a function, or the file itself, has at once. */
export function mostLocals(body: LuaNode): number {
  return mostAtOnce(body['body'], nodes(body['parameters']).length);
}

/** Locals of a block end with it; loops have three of their own. */
function mostAtOnce(statements: unknown, before: number): number {
  let [now, most] = [before, before];
  for (const statement of nodes(statements)) {
    if (statement.type === 'LocalStatement') now += nodes(statement['variables']).length;
    if (statement.type === 'FunctionDeclaration') now += statement['isLocal'] === true ? 1 : 0;
    else {
      const loop = nodes([statement['variable'], ...nodes(statement['variables'])]);
      const own = statement.type.startsWith('For') ? 3 + loop.length : 0;
      for (const block of [statement, ...nodes(statement['clauses'])]) {
        most = Math.max(most, mostAtOnce(block['body'], now + own));
      }
    }
    most = Math.max(most, now);
  }
  return most;
}

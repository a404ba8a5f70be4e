import { CALLS } from './library.js';
import type { Names } from './names.js';
import type { Rule } from './rules.js';
import type { Variable } from './scopes.js';
import { argumentsOf, isNode, type LuaNode, nodes, walk } from './syntax-tree.js';

/** Texts of numbers have 14 digits. */
const MOST_DIGITS = 1e14;
/** Above it doubles leave out whole numbers. */
const MOST_EXACT = 2 ** 53;
/** By which seconds become microseconds: today's time has 16 digits then. */
const MICROSECONDS = 1e6;

/** Values that are not what they look like. */
export const valueRules = {
  'math-random': ({ of, names }, report) => {
    for (const { node } of of('MemberExpression')) {
      const member = names.member(node);
      if (member?.[0] !== 'math' || !member[1].startsWith('random')) continue;
      report(node, 'math.random gives the same numbers after each restart. Pass random values as arguments.');
    }
  },
  'long-number': ({ of, names }, report) => {
    for (const { node } of of('NumericLiteral')) {
      const isRounded = /^\d+$/.test(String(node['raw'])) && Number(node['value']) > MOST_EXACT;
      if (isRounded) report(node, `Lua has no whole number ${node['raw']}: it takes the next one. Write it as a text.`);
    }
    const written = [
      ...of(...CALLS).flatMap(({ node }) => {
        const isText =
          names.global(node['base']) === 'tostring' || names.member(node['base'])?.join('.') === 'cjson.encode';
        return isText ? argumentsOf(node).slice(0, 1) : [];
      }),
      ...of('BinaryExpression').flatMap(({ node }) =>
        node['operator'] === '..' ? nodes([node['left'], node['right']]) : [],
      ),
    ];
    for (const value of written) {
      if (!isLong(value, names)) continue;
      report(value, "Texts of numbers have 14 digits, and lose the rest. Write string.format('%.0f', …).");
    }
  },
  'library-state': ({ of, names }, report) => {
    const told = new Set<Variable>();
    for (const { node, functions } of of('AssignmentStatement')) {
      for (const target of functions.length > 0 ? nodes(node['variables']) : []) {
        const variable = names.variable(target);
        if (target.type !== 'Identifier' || variable === undefined || variable.owner !== undefined) continue;
        // one that is put back is a cache, or counts what is in one
        const [, ...later] = variable.values;
        const isCounter = later.length > 0 && later.every((value) => dependsOn(value, variable, names));
        if (!isCounter || told.has(variable)) continue;
        told.add(variable);
        report(
          target,
          `"${variable.name}" begins anew with each restart and deploy, and each server has its own. Keep it in a key.`,
        );
      }
    }
  },
} as const satisfies Readonly<Record<string, Rule>>;

function isLong(value: LuaNode, names: Names): boolean {
  const origin = names.origin(value);
  if (origin?.type === 'NumericLiteral') return Number(origin['value']) >= MOST_DIGITS;
  if (origin?.type !== 'BinaryExpression') return false;
  const operands = nodes([origin['left'], origin['right']]);
  if (origin['operator'] === '+' || origin['operator'] === '-') return operands.some((each) => isLong(each, names));
  if (origin['operator'] !== '*') return false;
  return operands.some(
    (each) => isNode(each) && each.type === 'NumericLiteral' && Number(each['value']) >= MICROSECONDS,
  );
}

function dependsOn(value: LuaNode | undefined, variable: Variable, names: Names): boolean {
  return value?.type === 'BinaryExpression' && walk(value).some(({ node }) => names.variable(node) === variable);
}

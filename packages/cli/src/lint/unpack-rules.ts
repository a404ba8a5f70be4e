import { RANGES, REPLIES_WITHOUT_END } from './commands.js';
import { CALLS, type LuaLibrary } from './library.js';
import type { Rule } from './rules.js';
import { commandsAmong, serverCalls } from './server-calls.js';
import { argumentsOf, isCall, type LuaNode, nameOf, nodes } from './syntax-tree.js';

const GIVEN: ReadonlySet<string> = new Set(['keys', 'args', 'KEYS', 'ARGV']);
const COMPARISONS: ReadonlySet<unknown> = new Set(['<', '>', '<=', '>=', '==', '~=']);

/** Lists that are put on Lua's stack as a whole. */
export const unpackRules = {
  'unbounded-unpack': (library, report) => {
    for (const { node } of library.of(...CALLS)) {
      if (library.names.global(node['base']) !== 'unpack') continue;
      const [list, ...bounds] = argumentsOf(node);
      if (bounds.length > 0 || !list || !(isGivenUnseen(list, library) || isReplyWithoutEnd(list, library))) continue;
      report(node, 'unpack fails at about 8,000 items. Send them in parts: unpack(list, first, last).');
    }
  },
} as const satisfies Readonly<Record<string, Rule>>;

/** As many as the caller sends, where nobody looks how many these are: neither by `#args`, nor another function. */
function isGivenUnseen(list: LuaNode, { of, names }: LuaLibrary): boolean {
  if (!GIVEN.has(nameOf(list) ?? '')) return false;
  const variable = names.variable(list);
  const isList = (node: unknown) => variable !== undefined && names.variable(node) === variable;
  const isCounted = of('BinaryExpression').some(
    ({ node }) =>
      COMPARISONS.has(node['operator']) &&
      nodes([node['left'], node['right']]).some((side) => side.type === 'UnaryExpression' && isList(side['argument'])),
  );
  const isHandedOn = of(...CALLS).some(
    ({ node }) => names.function(node['base']) !== undefined && argumentsOf(node).some(isList),
  );
  return !isCounted && !isHandedOn;
}

/** As many as a key holds. */
function isReplyWithoutEnd(list: LuaNode, { names }: LuaLibrary): boolean {
  const reply = names.origin(list);
  if (!isCall(reply)) return false;
  const [command] = commandsAmong(serverCalls([{ node: reply, functions: [] }], names), names);
  const name = command?.name;
  if (!command || name === undefined) return false;
  const words = command.args.map((arg) => names.text(arg)?.toUpperCase());
  if (words.includes('LIMIT') || words.includes('COUNT')) return false;
  return REPLIES_WITHOUT_END.has(name) || (RANGES.has(name) && isLast(command.args[2], words[2]));
}

/** `-1` or `'-1'`: the last one there is. */
function isLast(stop: LuaNode | undefined, word: string | undefined): boolean {
  const digit = stop?.type === 'UnaryExpression' && stop['operator'] === '-' ? nodes([stop['argument']])[0] : undefined;
  return word === '-1' || digit?.['value'] === 1;
}

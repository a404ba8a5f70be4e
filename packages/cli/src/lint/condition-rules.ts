import { ALWAYS_NUMBERS } from './commands.js';
import type { LuaLibrary } from './library.js';
import { MEMBERS } from './members.js';
import type { Rule } from './rules.js';
import { type Command, commandsAmong, serverCalls } from './server-calls.js';
import { isCall, isNode, type LuaNode, nameOf, nodes, textOf, walk } from './syntax-tree.js';
import { keysSetLater } from './table-keys.js';

/** What commands answer, and what is decided by it. */
export const conditionRules = {
  'zero-is-true': (library, report) => {
    for (const condition of conditionsIn(library)) {
      const name = commandBehind(condition, library)?.name;
      if (name === undefined || !ALWAYS_NUMBERS.has(name)) continue;
      report(condition, `${name} answers a number, and in Lua 0 is true as well: compare it, as in "… == 1".`);
    }
  },
  'nil-comparison': (library, report) => {
    // replies have nil for nothing after redis.setresp(3)
    if (library.serverCalls.some(({ member }) => member === 'setresp')) return;
    for (const { node } of library.of('BinaryExpression')) {
      if (node['operator'] !== '==' && node['operator'] !== '~=') continue;
      const [left, right] = [node['left'], node['right']].filter(isNode);
      const compared = right?.type === 'NilLiteral' ? left : left?.type === 'NilLiteral' ? right : undefined;
      if (!compared || !isReply(compared, library)) continue;
      report(node, 'What is not there is false in a reply, and never nil: write "not …", or compare with false.');
    }
  },
  'named-reply-field': (library, report) => {
    if (library.serverCalls.some(({ member }) => member === 'setresp')) return;
    for (const { node } of library.of('MemberExpression', 'IndexExpression')) {
      const name = node['indexer'] === ':' ? undefined : fieldOf(node);
      const reply = nodes([node['base']])[0];
      // a text has the functions of string
      if (name === undefined || !reply || OF_REPLIES.has(name) || MEMBERS['string']?.has(name)) continue;
      if (commandBehind(reply, library)?.name === undefined || keysSetLater(library, reply).length > 0) continue;
      report(node, `There is no "${name}" in a reply: it is a list, of names and values in turn. Read it by numbers.`);
    }
  },
  'time-in-loop': ({ of, commands }, report) => {
    const times = new Set(commands.filter(({ name }) => name === 'TIME').map(({ call }) => call));
    for (const { node: loop } of of('WhileStatement', 'RepeatStatement')) {
      const read = walk(loop).find(({ node }) => times.has(node));
      if (!read) continue;
      report(
        read.node,
        'From Redis 7.2 on the time stands still while a function runs: a loop that waits for it never ends. Count turns.',
      );
    }
  },
} as const satisfies Readonly<Record<string, Rule>>;

/** Of a status, and of an error that redis.pcall gives. */
const OF_REPLIES: ReadonlySet<string> = new Set(['ok', 'err']);

function fieldOf(node: LuaNode): string | undefined {
  return node.type === 'MemberExpression' ? nameOf(node['identifier']) : textOf(node['index']);
}

/** Expressions of which only it matters whether they are true. */
function conditionsIn({ of }: LuaLibrary): readonly LuaNode[] {
  const tested = of('IfClause', 'ElseifClause', 'WhileStatement', 'RepeatStatement').map(
    ({ node }) => node['condition'],
  );
  const negated = of('UnaryExpression').flatMap(({ node }) => (node['operator'] === 'not' ? [node['argument']] : []));
  const found = new Set<LuaNode>([...tested, ...negated].filter(isNode));
  // of `a and b` in a condition, b is one too
  for (const node of found) {
    if (node.type !== 'LogicalExpression') continue;
    for (const side of nodes([node['left'], node['right']])) found.add(side);
  }
  // elsewhere `a and b or c` gives b as it is
  for (const { node } of of('LogicalExpression')) {
    if (node['operator'] === 'and' && isNode(node['left'])) found.add(node['left']);
  }
  return [...found];
}

function commandBehind(node: LuaNode, { names }: LuaLibrary): Command | undefined {
  const call = names.origin(node);
  return isCall(call) ? commandsAmong(serverCalls([{ node: call, functions: [] }], names), names)[0] : undefined;
}

/** A reply, or one of a list: `reply[1]`. */
function isReply(node: LuaNode, library: LuaLibrary): boolean {
  const origin = library.names.origin(node);
  const whole = origin?.type === 'IndexExpression' && isNode(origin['base']) ? origin['base'] : origin;
  return whole !== undefined && commandBehind(whole, library)?.name !== undefined;
}

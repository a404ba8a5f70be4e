import { NOT_IN_FUNCTIONS, takesKeyFirst } from './commands.js';
import { isServerCall } from './library.js';
import type { Rule } from './rules.js';
import { argumentsOf, isCall, isNode, type LuaNode, memberOf, nameOf, nodes, textOf, walk } from './syntax-tree.js';

/** What is called, and with what. */
export const callRules = {
  'command-not-allowed': ({ all }, report) => {
    for (const { node } of all) {
      const command = commandOf(node);
      if (command === undefined || !NOT_IN_FUNCTIONS.has(command.name)) continue;
      report(node, `The server refuses ${command.name} in functions. Send it from the client.`);
    }
  },
  'undeclared-key': ({ all }, report) => {
    for (const { node } of all) {
      const command = commandOf(node);
      const [key] = command?.args ?? [];
      if (!command || !key || !takesKeyFirst(command.name)) continue;
      if (textOf(key) !== undefined || isMade(key)) {
        report(
          key,
          'In a cluster a key that the caller does not name is an error, or silently missed while slots move. ' +
            'Pass it as a key.',
        );
      }
    }
  },
  'error-table': ({ all }, report) => {
    for (const { node } of all) {
      if (!isCall(node) || nameOf(node['base']) !== 'error') continue;
      const [thrown] = argumentsOf(node);
      if (thrown?.type !== 'TableConstructorExpression') continue;
      const err = nodes(thrown['fields']).find((field) => nameOf(field['key']) === 'err')?.['value'];
      const isText = isNode(err) && err.type !== 'NumericLiteral' && err.type !== 'TableConstructorExpression';
      if (isText) continue;
      report(
        node,
        'An error table without a text "err" crashes servers. Write error({ err = \'CODE what is wrong\' }).',
      );
    }
  },
  'math-random': ({ all }, report) => {
    for (const { node } of all) {
      const member = memberOf(node);
      if (member?.[0] !== 'math' || !member[1].startsWith('random')) continue;
      report(node, 'math.random gives the same numbers after each restart. Pass random values as arguments.');
    }
  },
  'unbounded-unpack': ({ all }, report) => {
    for (const { node } of all) {
      if (!isCall(node) || nameOf(node['base']) !== 'unpack') continue;
      const [list, ...bounds] = argumentsOf(node);
      if (bounds.length > 0 || !list) continue;
      const isUnbounded =
        ['keys', 'args', 'KEYS', 'ARGV'].includes(nameOf(list) ?? '') || isServerCall(list, 'call', 'pcall');
      if (!isUnbounded) continue;
      report(node, 'unpack fails at about 8,000 items. Send them in parts: unpack(list, first, last).');
    }
  },
  'unheard-error': ({ all }, report) => {
    for (const { node } of all) {
      const expression = node.type === 'CallStatement' ? node['expression'] : undefined;
      if (!isNode(expression) || !isServerCall(expression, 'pcall')) continue;
      report(node, 'What redis.pcall answers is dropped, errors included. Look at it, or use redis.call.');
    }
  },
} as const satisfies Readonly<Record<string, Rule>>;

function commandOf(node: LuaNode): { readonly name: string; readonly args: readonly LuaNode[] } | undefined {
  if (!isServerCall(node, 'call', 'pcall')) return undefined;
  const [first, ...args] = argumentsOf(node);
  const name = textOf(first)?.toUpperCase();
  return name === undefined ? undefined : { name, args };
}

/** Put together in the library: by `..`, or by string.format. */
function isMade(key: LuaNode): boolean {
  if (key.type === 'BinaryExpression' && key['operator'] === '..') {
    return walk(key).some(({ node }) => textOf(node) !== undefined);
  }
  return isCall(key) && memberOf(key['base'])?.join('.') === 'string.format';
}

import { NOT_IN_FUNCTIONS, takesKeyFirst } from './commands.js';
import { CALLS } from './library.js';
import type { Names } from './names.js';
import type { Rule } from './rules.js';
import { serverMember } from './server-calls.js';
import { argumentsOf, isCall, isNode, type LuaNode, nodes, textOf, walk } from './syntax-tree.js';
import { keyOf, keysSetLater } from './table-keys.js';
import { unpackRules } from './unpack-rules.js';

/** Values that servers take for no text. A number is one to them. */
const NO_TEXT: ReadonlySet<string> = new Set([
  'TableConstructorExpression',
  'FunctionDeclaration',
  'BooleanLiteral',
  'NilLiteral',
]);

/** What is called, and with what. */
export const callRules = {
  'command-not-allowed': ({ commands }, report) => {
    for (const { name, call } of commands) {
      if (name === undefined || !NOT_IN_FUNCTIONS.has(name)) continue;
      report(call, `${name} does not work in functions. Send it from the client.`);
    }
  },
  'command-argument': ({ commands, names }, report) => {
    for (const { args } of commands) {
      for (const arg of args) {
        if (!NO_TEXT.has(names.origin(arg)?.type ?? '')) continue;
        report(
          arg,
          'Commands take texts and numbers, and anything else is an error. Write it as a text, or leave it out.',
        );
      }
    }
  },
  'undeclared-key': ({ commands, names }, report) => {
    for (const { name, args } of commands) {
      const [key] = args;
      if (name === undefined || !key || !takesKeyFirst(name)) continue;
      if (names.text(key) !== undefined || isMade(names.origin(key), names)) {
        report(
          key,
          'In a cluster a key that the caller does not name is an error, or silently missed while slots move. ' +
            'Pass it as a key.',
        );
      }
    }
  },
  ...unpackRules,
  'error-table': (library, report) => {
    const { of, names } = library;
    for (const { node } of of(...CALLS)) {
      if (names.global(node['base']) !== 'error') continue;
      const [given] = argumentsOf(node);
      const thrown = names.origin(given);
      if (thrown?.type !== 'TableConstructorExpression' || keysSetLater(library, given).includes('err')) continue;
      const err = nodes(thrown['fields']).find((field) => keyOf(field) === 'err')?.['value'];
      if (isNode(err) && !NO_TEXT.has(err.type)) continue;
      report(
        node,
        'An error table without a text "err" crashes servers. Write error({ err = \'CODE what is wrong\' }).',
      );
    }
  },
  'one-word-error': ({ serverCalls, names }, report) => {
    for (const { member, args, call } of serverCalls) {
      const text = member === 'error_reply' ? names.text(args[0]) : undefined;
      if (text === undefined || !/^[^\s-]\S*$/.test(text)) continue;
      report(
        call,
        `The client gets "ERR ${text}": a code is a code by what follows it. Write '${text} what is wrong'.`,
      );
    }
  },
  'unheard-error': ({ of, names }, report) => {
    for (const { node } of of('CallStatement')) {
      const call = node['expression'];
      if (!isCall(call) || serverMember(names, call['base']) !== 'pcall') continue;
      report(call, 'What redis.pcall answers is dropped, errors included. Look at it, or use redis.call.');
    }
  },
} as const satisfies Readonly<Record<string, Rule>>;

/** Put together in the library: by `..`, or by string.format. */
function isMade(key: LuaNode | undefined, names: Names): boolean {
  if (key?.type === 'BinaryExpression' && key['operator'] === '..') {
    return walk(key).some(({ node }) => textOf(node) !== undefined || names.text(node) !== undefined);
  }
  return isCall(key) && names.member(key['base'])?.join('.') === 'string.format';
}

import { GLOBALS, LOAD_GLOBALS } from './commands.js';
import { isServerCall } from './library.js';
import type { Rule } from './rules.js';
import { isNode, type LuaNode, memberOf, nameOf, nodes, walk } from './syntax-tree.js';

const MOST_LOCALS = 200;
const INSTEAD: Readonly<Record<string, string>> = {
  KEYS: 'Keys are the first parameter of the callback.',
  ARGV: 'Arguments are the second parameter of the callback.',
  print: 'Use redis.log(redis.LOG_NOTICE, …).',
  require: 'A library is one file: put it in.',
};

const isGlobal = (node: unknown): node is LuaNode =>
  isNode(node) && node.type === 'Identifier' && node['isLocal'] === false;

/** What there is, and when. */
export const globalRules = {
  'global-assignment': ({ all }, report) => {
    for (const { node } of all) {
      const targets = node.type === 'AssignmentStatement' ? nodes(node['variables']) : [];
      const named = node.type === 'FunctionDeclaration' && isNode(node['identifier']) ? [node['identifier']] : [];
      for (const target of [...targets, ...named]) {
        if (!isGlobal(target)) continue;
        report(target, `The server lets nobody set the global "${nameOf(target)}". Write "local" before it.`);
      }
    }
  },
  'unknown-global': ({ all }, report) => {
    const assigned = new Set(
      all.flatMap(({ node }) => (node.type === 'AssignmentStatement' ? nodes(node['variables']) : [])),
    );
    // one that is assigned is told of as such, wherever it is read
    const names = new Set([...assigned].map(nameOf));
    for (const { node, functions } of all) {
      const name = nameOf(node) ?? '';
      if (functions.length === 0 || !isGlobal(node) || GLOBALS.has(name) || names.has(name)) continue;
      const instead = INSTEAD[name] ?? 'Define it as a local, or correct the name.';
      report(node, `There is no global "${name}" in a function; to read it is an error. ${instead}`);
    }
  },
  'load-time-global': ({ all }, report) => {
    for (const { node, functions } of all) {
      const name = nameOf(node) ?? '';
      if (functions.length > 0 || !isGlobal(node) || LOAD_GLOBALS.has(name) || !GLOBALS.has(name)) continue;
      report(node, `"${name}" is not there while a library is loaded. Look it up inside of the callback.`);
    }
  },
  'server-table-at-load': ({ all }, report) => {
    for (const { node, functions } of all) {
      if (functions.length > 0) continue;
      if (isServerCall(node, 'call', 'pcall', 'error_reply', 'status_reply', 'sha1hex', 'setresp')) {
        report(node, 'No commands can be sent while a library is loaded. Send them inside of a callback.');
      }
      if (isServerCall(node, 'log')) {
        report(node, 'redis.log while a library is loaded crashes Valkey 9.1. Log inside of a callback.');
      }
      if (node.type !== 'LocalStatement') continue;
      for (const value of nodes(node['init'])) {
        const table = nameOf(value) ?? memberOf(value)?.[0];
        if (!isNode(value) || (table !== 'redis' && table !== 'server')) continue;
        if (memberOf(value) !== undefined && /^(?:LOG_|REDIS_|VALKEY_|SERVER_)/.test(memberOf(value)?.[1] ?? ''))
          continue;
        report(value, `What "${table}" is while a library is loaded has no call. Take it inside of the callback.`);
      }
    }
  },
  'too-many-locals': ({ all }, report) => {
    const bodies = [
      { node: { type: 'Chunk', body: all[0]?.node['body'], loc: { start: { line: 1, column: 0 } } } as LuaNode },
    ];
    for (const { node } of [...bodies, ...all.filter(({ node }) => node.type === 'FunctionDeclaration')]) {
      const locals = walk(node['body'])
        .filter(({ functions }) => functions.length === 0)
        .reduce((sum, each) => sum + localsOf(each.node), nodes(node['parameters']).length);
      if (locals <= MOST_LOCALS) continue;
      report(
        node,
        `Lua has room for ${MOST_LOCALS} locals here, and there are ${locals}. Put some of them into a table.`,
      );
    }
  },
} as const satisfies Readonly<Record<string, Rule>>;

function localsOf(node: LuaNode): number {
  if (node.type === 'LocalStatement') return nodes(node['variables']).length;
  return node.type === 'FunctionDeclaration' && node['isLocal'] === true ? 1 : 0;
}

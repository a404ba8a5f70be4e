import { GLOBALS, LOAD_GLOBALS } from './commands.js';
import { MEMBERS, OF_VALKEY } from './members.js';
import type { Rule } from './rules.js';
import { SERVER_TABLES } from './server-calls.js';
import { type LuaNode, nameOf, nodes } from './syntax-tree.js';

const INSTEAD: Readonly<Record<string, string>> = {
  KEYS: 'Keys are the first parameter of the callback.',
  ARGV: 'Arguments are the second parameter of the callback.',
  print: 'Use redis.log(redis.LOG_NOTICE, …).',
  require: 'A library is one file: put it in.',
};

/** Of `redis` and `server`, what there is while a library is loaded. */
const AT_LOAD = /^(?:register_function$|log$|LOG_|REDIS_|VALKEY_|SERVER_)/;

/** What there is, and when. */
export const globalRules = {
  'global-assignment': ({ of, names }, report) => {
    const targets = [
      ...of('AssignmentStatement').flatMap(({ node }) => nodes(node['variables'])),
      ...of('FunctionDeclaration').map(({ node }) => node['identifier']),
    ];
    for (const target of targets) {
      if (!names.isGlobal(target)) continue;
      report(target, `The server lets nobody set the global "${nameOf(target)}". Write "local" before it.`);
    }
  },
  'unknown-global': ({ of, names }, report) => {
    // one that is assigned is told of as such, wherever it is read
    const assigned = new Set(
      [
        ...of('AssignmentStatement').flatMap(({ node }) => nodes(node['variables'])),
        ...of('FunctionDeclaration').map(({ node }) => node['identifier']),
      ].map(nameOf),
    );
    for (const { node } of of('Identifier')) {
      const name = nameOf(node) ?? '';
      if (!names.isGlobal(node) || GLOBALS.has(name) || assigned.has(name)) continue;
      const instead = INSTEAD[name] ?? 'Define it as a local, or correct the name.';
      report(node, `There is no global "${name}"; to read it is an error. ${instead}`);
    }
  },
  'unknown-member': ({ of, names }, report) => {
    for (const { node, functions } of of('MemberExpression')) {
      const member = names.isGlobal(node['base']) ? names.member(node) : undefined;
      const known = member && MEMBERS[member[0]];
      if (functions.length === 0 || !member || !known || known.has(member[1])) continue;
      report(node, `There is no ${member.join('.')} in functions: it is nil. Use what Lua 5.1 and the server have.`);
    }
  },
  'not-on-every-server': ({ of, names }, report) => {
    for (const { node, functions } of of('Identifier')) {
      const name = names.isGlobal(node) ? nameOf(node) : undefined;
      if (name === 'server') report(node, 'Redis has no "server": to read it is an error there. Write "redis".');
      if (name === 'os' && functions.length > 0) {
        report(node, 'Redis before 7.4 has no "os": to read it is an error there. Ask for the time with TIME.');
      }
    }
    for (const { node, functions } of of('MemberExpression')) {
      const member = functions.length === 0 && names.isGlobal(node['base']) ? names.member(node) : undefined;
      if (member?.[0] !== 'redis' || !OF_VALKEY.has(member[1])) continue;
      report(
        node,
        `Redis has no redis.${member[1]}: to read it at load is an error there. Read it inside of a callback.`,
      );
    }
  },
  'load-time-global': ({ of, names, isAtLoad }, report) => {
    for (const { node, functions } of of('Identifier')) {
      const name = nameOf(node) ?? '';
      if (!isAtLoad(functions) || !names.isGlobal(node) || LOAD_GLOBALS.has(name) || !GLOBALS.has(name)) continue;
      report(node, `"${name}" is not there while a library is loaded. Look it up inside of the callback.`);
    }
  },
  'server-table-at-load': ({ of, names, serverCalls, isAtLoad }, report) => {
    for (const { member, call, functions } of serverCalls) {
      if (!isAtLoad(functions)) continue;
      if (!AT_LOAD.test(member)) {
        report(call, 'No commands can be sent while a library is loaded. Send them inside of a callback.');
      }
      if (member === 'log') {
        report(call, 'redis.log while a library is loaded crashes Valkey 9.1. Log inside of a callback.');
      }
    }
    const kept = of('LocalStatement', 'AssignmentStatement', 'TableKeyString', 'TableKey', 'TableValue').flatMap(
      ({ node, functions }) => (functions.length > 0 ? [] : valuesOf(node)),
    );
    for (const value of kept) {
      const member = value.type === 'Identifier' ? undefined : names.member(value);
      const table = member?.[0] ?? (names.isGlobal(value) ? nameOf(value) : undefined);
      if (table === undefined || !SERVER_TABLES.has(table) || (member && AT_LOAD.test(member[1]))) continue;
      report(value, `What "${table}" is while a library is loaded has no call. Take it inside of the callback.`);
    }
  },
} as const satisfies Readonly<Record<string, Rule>>;

function valuesOf(node: LuaNode): readonly LuaNode[] {
  return nodes(node.type.startsWith('Table') ? [node['value']] : node['init']);
}

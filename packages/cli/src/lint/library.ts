import {
  argumentsOf,
  isCall,
  isNode,
  type LuaNode,
  memberOf,
  nameOf,
  nodes,
  parseLua,
  textOf,
  type Visited,
  walk,
} from './syntax-tree.js';

export interface Registered {
  readonly name: string;
  /** Undefined where they are not written out. */
  readonly flags: readonly string[] | undefined;
  /** Undefined where it is not found: another function made it. */
  readonly callback: LuaNode | undefined;
  readonly call: LuaNode;
}

/** `redis.call('GET', …)` and the like. */
export interface Command {
  /** In capital letters; undefined where it is not written out. */
  readonly name: string | undefined;
  readonly args: readonly LuaNode[];
  readonly isProtected: boolean;
  readonly call: LuaNode;
}

/** What rules look at. */
export interface LuaLibrary {
  readonly code: string;
  readonly all: readonly Visited[];
  readonly registered: readonly Registered[];
  /** Commands of a function, those of the local functions that it calls included. */
  commandsOf(callback: LuaNode): readonly Command[];
  /** Calls something that is not seen through: what it does is not known. */
  isOpaque(callback: LuaNode): boolean;
}

const SERVER_TABLES: ReadonlySet<string> = new Set(['redis', 'server']);
/** Of Lua, which send nothing. */
const HARMLESS: ReadonlySet<string> = new Set([
  ...[
    'tonumber',
    'tostring',
    'type',
    'pairs',
    'ipairs',
    'next',
    'select',
    'unpack',
    'error',
    'assert',
    'pcall',
    'rawget',
  ],
  ...['rawset', 'rawequal', 'setmetatable', 'getmetatable'],
]);

/** @throws SyntaxError as `parseLua`. */
export function readLibrary(code: string): LuaLibrary {
  const all = walk(parseLua(code));
  const locals = localFunctions(all);
  const registered = all.flatMap(({ node }) => {
    const found = registeredBy(node, locals);
    return found ? [found] : [];
  });
  return {
    code,
    all,
    registered,
    commandsOf: (callback) => reach(callback, locals).flatMap(commandsIn),
    isOpaque: (callback) => reach(callback, locals).some((body) => callsUnknown(body, locals)),
  };
}

export function isServerCall(node: LuaNode, ...members: readonly string[]): boolean {
  const member = isCall(node) ? memberOf(node['base']) : undefined;
  return member !== undefined && SERVER_TABLES.has(member[0]) && members.includes(member[1]);
}

function localFunctions(all: readonly Visited[]): ReadonlyMap<string, LuaNode> {
  const found = new Map<string, LuaNode>();
  for (const { node } of all) {
    if (node.type === 'FunctionDeclaration') {
      const name = nameOf(node['identifier']);
      if (name !== undefined) found.set(name, node);
    }
    if (node.type === 'LocalStatement' || node.type === 'AssignmentStatement') {
      const [names, values] = [nodes(node['variables']), nodes(node['init'])];
      names.forEach((variable, i) => {
        const [name, value] = [nameOf(variable), values[i]];
        if (name !== undefined && value?.type === 'FunctionDeclaration') found.set(name, value);
      });
    }
  }
  return found;
}

function registeredBy(node: LuaNode, locals: ReadonlyMap<string, LuaNode>): Registered | undefined {
  if (!isServerCall(node, 'register_function')) return undefined;
  const [first, second] = argumentsOf(node);
  const callbackOf = (value: unknown) =>
    isNode(value) && value.type === 'FunctionDeclaration' ? value : locals.get(nameOf(value) ?? '');
  const name = textOf(first);
  if (name !== undefined) return { name, flags: [], callback: callbackOf(second), call: node };
  if (first?.type !== 'TableConstructorExpression') return undefined;
  const field = (key: string) =>
    nodes(first['fields']).find((each) => each.type === 'TableKeyString' && nameOf(each['key']) === key)?.['value'];
  const named = textOf(field('function_name'));
  if (named === undefined) return undefined;
  const flags = field('flags');
  const texts = isNode(flags) ? nodes(flags['fields']).map((each) => textOf(each['value'])) : [];
  const isWrittenOut = texts.every((text) => text !== undefined);
  return {
    name: named,
    flags: isWrittenOut ? (texts as string[]) : undefined,
    callback: callbackOf(field('callback')),
    call: node,
  };
}

/** A function, and the local ones that it calls, and so on. */
function reach(callback: LuaNode, locals: ReadonlyMap<string, LuaNode>): readonly LuaNode[] {
  const reached = new Set([callback]);
  for (const body of reached) {
    for (const { node } of walk(body['body'])) {
      // also one that is given to another, which will call it
      const local = node.type === 'Identifier' ? locals.get(String(node['name'])) : undefined;
      if (local) reached.add(local);
    }
  }
  return [...reached];
}

function commandsIn(body: LuaNode): readonly Command[] {
  return walk(body['body']).flatMap(({ node }) => {
    if (!isServerCall(node, 'call', 'pcall')) return [];
    const [name, ...args] = argumentsOf(node);
    const isProtected = memberOf(node['base'])?.[1] === 'pcall';
    return [{ name: textOf(name)?.toUpperCase(), args, isProtected, call: node }];
  });
}

function callsUnknown(body: LuaNode, locals: ReadonlyMap<string, LuaNode>): boolean {
  return walk(body['body']).some(({ node }) => {
    if (!isCall(node)) return false;
    const name = nameOf(node['base']);
    return name !== undefined && !locals.has(name) && !HARMLESS.has(name);
  });
}

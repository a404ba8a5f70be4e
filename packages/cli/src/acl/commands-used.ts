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
  walk,
} from '../lint/syntax-tree.js';

/** The commands that a library sends: servers check each of them against the user who calls the function. */
export interface CommandsUsed {
  /** In small letters, sorted. */
  readonly commands: readonly string[];
  /** Lines with a command whose name is put together at run time. */
  readonly unseen: readonly number[];
}

/** Stands for any number of functions that hand a command's name on, each with the position of it. */
type Forwarders = Map<string, Set<number>>;

/**
 * Follows `redis.call` and `redis.pcall` through the names that they are given, and through the functions that are given
 * the name of a command.
 *
 * @throws SyntaxError as `parseLua`.
 */
export function commandsUsedBy(code: string): CommandsUsed {
  const all = walk(parseLua(code));
  const values = valuesOf(all.map(({ node }) => node));
  const isSender = (node: unknown, seen: readonly string[] = []): boolean => {
    const member = memberOf(node);
    if (member) return (member[1] === 'call' || member[1] === 'pcall') && isServerTable(member[0], values);
    const name = nameOf(node);
    if (name === undefined || seen.includes(name)) return false;
    return (values.get(name) ?? []).some((value) => isSender(value, [...seen, name]));
  };
  const commands = new Set<string>();
  const unseen = new Set<number>();
  const forwarders: Forwarders = new Map();

  function take(given: LuaNode, functions: readonly LuaNode[], seen: readonly string[] = []): void {
    const text = textOf(given);
    if (text !== undefined) {
      commands.add(text.toLowerCase());
      return;
    }
    if (given.type === 'LogicalExpression') {
      // of "a and b" only b can be a name, of "a or b" both
      const sides = given['operator'] === 'and' ? [given['right']] : [given['left'], given['right']];
      for (const side of nodes(sides)) take(side, functions, seen);
      return;
    }
    const name = nameOf(given);
    if (name !== undefined && forward(name, functions)) return;
    const known = name === undefined || seen.includes(name) ? [] : (values.get(name) ?? []);
    if (known.length === 0) unseen.add(given.loc.start.line);
    for (const value of known) take(value, functions, [...seen, name ?? '']);
  }

  /** The name is a parameter: whoever calls that function says which command. */
  function forward(name: string, functions: readonly LuaNode[]): boolean {
    for (const within of [...functions].reverse()) {
      const position = nodes(within['parameters']).findIndex((parameter) => nameOf(parameter) === name);
      if (position === -1) continue;
      const called = nameOf(within['identifier']) ?? [...values].find(([, given]) => given.includes(within))?.[0];
      if (called === undefined) return false;
      forwarders.set(called, (forwarders.get(called) ?? new Set()).add(position));
      return true;
    }
    return false;
  }

  for (const { node, functions } of all) {
    if (!isCall(node)) continue;
    const given = argumentsOf(node);
    if (isSender(node['base']) && given[0]) take(given[0], functions);
    // pcall(redis.call, 'GET', …)
    const handed = given.findIndex((argument) => isSender(argument));
    const [command] = handed === -1 ? [] : given.slice(handed + 1);
    if (command) take(command, functions);
  }
  const done = new Set<LuaNode>();
  for (let before = -1; before !== forwarders.size + done.size; ) {
    before = forwarders.size + done.size;
    for (const { node, functions } of all) {
      const positions = isCall(node) ? forwarders.get(nameOf(node['base']) ?? '') : undefined;
      for (const position of positions ?? []) {
        const given = argumentsOf(node)[position];
        if (!given || done.has(given)) continue;
        done.add(given);
        take(given, functions);
      }
    }
  }
  return { commands: [...commands].sort(), unseen: [...unseen].sort((left, right) => left - right) };
}

/** What is assigned to each name, wherever. */
function valuesOf(all: readonly LuaNode[]): ReadonlyMap<string, readonly LuaNode[]> {
  const values = new Map<string, LuaNode[]>();
  for (const node of all) {
    if (node.type !== 'LocalStatement' && node.type !== 'AssignmentStatement') continue;
    const [names, given] = [nodes(node['variables']), nodes(node['init'])];
    names.forEach((variable, i) => {
      const [name, value] = [nameOf(variable), given[i]];
      if (name !== undefined && value) values.set(name, [...(values.get(name) ?? []), value]);
    });
  }
  return values;
}

function isServerTable(name: string, values: ReadonlyMap<string, readonly LuaNode[]>): boolean {
  if (name === 'redis' || name === 'server') return true;
  return (values.get(name) ?? []).some((value) => isNode(value) && /^(?:redis|server)$/.test(nameOf(value) ?? ''));
}

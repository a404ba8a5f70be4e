import luaparse from 'luaparse';

/** A node of the tree, as luaparse names them. */
export interface LuaNode {
  readonly type: string;
  readonly loc: { readonly start: Position; readonly end?: Position };
  /** Where it begins and ends in the text. */
  readonly range?: readonly [start: number, end: number];
  readonly [field: string]: unknown;
}

interface Position {
  readonly line: number;
  readonly column: number;
}

/** A node, and the functions that it is in, the innermost last. */
export interface Visited {
  readonly node: LuaNode;
  readonly functions: readonly LuaNode[];
  /** Its place in the order of the text. */
  readonly place: number;
}

/**
 * @param detailed With `range` of each node, and `isLocal` of each name: a third of the time.
 * @throws SyntaxError with `line` and `column` for a text that is not Lua 5.1.
 */
export function parseLua(code: string, { detailed = false } = {}): LuaNode {
  // the first line is the server's; a comment of the same length keeps lines and columns
  const text = code.replace(/^#!/, '--');
  return luaparse.parse(text, {
    luaVersion: '5.1',
    locations: true,
    ranges: detailed,
    scope: detailed,
    comments: false,
  }) as unknown as LuaNode;
}

const walked = new WeakMap<object, readonly Visited[]>();

/** Every node below this one, itself included, in the order of the text. Rules ask for the same ones again and again. */
export function walk(root: unknown): readonly Visited[] {
  if (typeof root !== 'object' || root === null) return [];
  const known = walked.get(root);
  if (known) return known;
  const found: Visited[] = [];
  collect(root, [], found);
  walked.set(root, found);
  return found;
}

function collect(value: unknown, functions: readonly LuaNode[], found: Visited[]): void {
  if (Array.isArray(value)) {
    for (const each of value) collect(each, functions, found);
    return;
  }
  if (!isNode(value)) return;
  found.push({ node: value, functions, place: found.length });
  const inside = value.type === 'FunctionDeclaration' ? [...functions, value] : functions;
  for (const field in value) {
    const child = value[field];
    // most fields are no nodes: this is where lint spends its time
    if (typeof child !== 'object' || field === 'loc' || field === 'range' || field === 'globals') continue;
    collect(child, inside, found);
  }
}

export function isNode(value: unknown): value is LuaNode {
  return typeof value === 'object' && value !== null && typeof (value as LuaNode).type === 'string';
}

export function nodes(value: unknown): readonly LuaNode[] {
  return Array.isArray(value) ? value.filter(isNode) : [];
}

/** The text of a string that is written out; undefined for anything else. */
export function textOf(node: unknown): string | undefined {
  if (!isNode(node) || node.type !== 'StringLiteral') return undefined;
  const raw = String(node['raw']);
  const quoted = /^(['"])([\s\S]*)\1$/.exec(raw)?.[2];
  return quoted ?? /^\[(=*)\[([\s\S]*)\]\1\]$/.exec(raw)?.[2];
}

export function nameOf(node: unknown): string | undefined {
  return isNode(node) && node.type === 'Identifier' ? String(node['name']) : undefined;
}

/** `redis.call` as ['redis', 'call']; undefined for anything else. */
export function memberOf(node: unknown): readonly [table: string, member: string] | undefined {
  if (!isNode(node) || node.type !== 'MemberExpression') return undefined;
  const [table, member] = [nameOf(node['base']), nameOf(node['identifier'])];
  return table !== undefined && member !== undefined ? [table, member] : undefined;
}

/** What a call is given, however it is written: `f(a)`, `f{…}`, `f'…'`. */
export function argumentsOf(call: LuaNode): readonly LuaNode[] {
  if (call.type === 'CallExpression') return nodes(call['arguments']);
  return nodes([call.type === 'TableCallExpression' ? call['arguments'] : call['argument']]);
}

export function isCall(node: unknown): node is LuaNode {
  return isNode(node) && node.type.endsWith('CallExpression');
}

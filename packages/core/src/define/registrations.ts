import luaparse from 'luaparse';

/** One call in a library's text to a function of the server's table, `redis` or `server`. */
export interface ServerCall {
  /** `log` of `redis.log(…)`. */
  readonly callee: string;
  /** It happens while the library is loaded, outside of any function. */
  readonly isAtLoad: boolean;
  readonly line: number;
  readonly node: LuaNode;
}

/** A function that a library registers by a name that is written out. */
export interface Registration {
  readonly name: string;
  readonly line: number;
  /** Where the name stands in the text, quotes included. */
  readonly range: readonly [start: number, end: number];
  /** Undefined where they are not written out. */
  readonly flags: readonly string[] | undefined;
}

export interface LuaNode {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** What a library registers, by its syntax tree. Undefined for a text that is not Lua: the server says best what is wrong. */
export function registrationsIn(code: string): readonly Registration[] | undefined {
  return serverCallsIn(code)?.flatMap(({ callee, node, line }) => {
    const registration = callee === 'register_function' ? registrationOf(node) : undefined;
    return registration ? [{ ...registration, line }] : [];
  });
}

export function serverCallsIn(code: string): readonly ServerCall[] | undefined {
  try {
    // the first line is the server's; a comment of the same length keeps lines and positions
    const text = code.replace(/^#!/, '--');
    const chunk = luaparse.parse(text, { luaVersion: '5.1', locations: true, ranges: true, comments: false });
    return [...calls(chunk)];
  } catch {
    return undefined;
  }
}

function* calls(node: unknown, isAtLoad = true): Generator<ServerCall> {
  if (Array.isArray(node)) {
    for (const each of node) yield* calls(each, isAtLoad);
    return;
  }
  if (!isNode(node)) return;
  const callee = /CallExpression$/.test(node.type) ? calleeOf(node) : undefined;
  const { line } = (node['loc'] as { start: { line: number } } | undefined)?.start ?? { line: 0 };
  if (callee !== undefined) yield { callee, isAtLoad, line, node };
  const isInside = isAtLoad && node.type !== 'FunctionDeclaration';
  for (const value of Object.values(node)) yield* calls(value, isInside);
}

function calleeOf({ base }: LuaNode): string | undefined {
  if (!isNode(base) || base.type !== 'MemberExpression') return undefined;
  const { base: table, identifier } = base;
  const isServer = isNode(table) && (table['name'] === 'redis' || table['name'] === 'server');
  return isServer && isNode(identifier) ? String(identifier['name']) : undefined;
}

/** Of `register_function('name', …)` and `register_function{ function_name = 'name', … }`. */
function registrationOf(call: LuaNode): Omit<Registration, 'line'> | undefined {
  const [first] = call.type === 'TableCallExpression' ? [call['arguments']] : (call['arguments'] as unknown[]);
  if (!isNode(first)) return undefined;
  if (first.type === 'StringLiteral') return { ...nameOf(first), flags: [] };
  const name = fieldOf(first, 'function_name');
  if (name?.type !== 'StringLiteral') return undefined;
  const flags = fieldOf(first, 'flags');
  const items = flags ? ((flags['fields'] as LuaNode[] | undefined)?.map(({ value }) => value) ?? []) : [];
  const isWrittenOut = items.every((item) => isNode(item) && item.type === 'StringLiteral');
  return { ...nameOf(name), flags: isWrittenOut ? items.map((item) => nameOf(item as LuaNode).name) : undefined };
}

function fieldOf(table: LuaNode, key: string): LuaNode | undefined {
  const fields = (table['fields'] as LuaNode[] | undefined) ?? [];
  const value = fields.find((field) => isNode(field['key']) && field['key']['name'] === key)?.['value'];
  return isNode(value) ? value : undefined;
}

function nameOf(literal: LuaNode): Pick<Registration, 'name' | 'range'> {
  const name = String(literal['raw']).replace(/^(?:\[=*\[|['"])|(?:\]=*\]|['"])$/g, '');
  return { name, range: literal['range'] as [number, number] };
}

function isNode(value: unknown): value is LuaNode {
  return typeof value === 'object' && value !== null && typeof (value as LuaNode).type === 'string';
}

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

/**
 * What a library registers, by its syntax tree; also through a local function of its own that is given the name. Undefined
 * for a text that is not Lua: the server says best what is wrong.
 */
export function registrationsIn(code: string): readonly Registration[] | undefined {
  const chunk = parse(code);
  if (!chunk) return undefined;
  const registrars = registrarsIn(chunk);
  return callsIn(chunk).flatMap(({ node, line }) => {
    const registration =
      calleeOf(node) === 'register_function' ? registrationOf(node) : registrationBy(node, registrars);
    return registration ? [{ ...registration, line }] : [];
  });
}

export function serverCallsIn(code: string): readonly ServerCall[] | undefined {
  const chunk = parse(code);
  if (!chunk) return undefined;
  return callsIn(chunk).flatMap((call) => {
    const callee = calleeOf(call.node);
    return callee === undefined ? [] : [{ callee, ...call }];
  });
}

function parse(code: string): unknown {
  try {
    // the first line is the server's; a comment of the same length keeps lines and positions
    const text = code.replace(/^#!/, '--');
    return luaparse.parse(text, { luaVersion: '5.1', locations: true, ranges: true, comments: false });
  } catch {
    return undefined;
  }
}

function callsIn(chunk: unknown): Omit<ServerCall, 'callee'>[] {
  const calls: Omit<ServerCall, 'callee'>[] = [];
  const visit = (value: unknown, isAtLoad: boolean): void => {
    // most of what a node has are positions and names
    if (typeof value !== 'object' || value === null) return;
    if (Array.isArray(value)) {
      for (const each of value) visit(each, isAtLoad);
      return;
    }
    if (!isNode(value)) return;
    const { line } = (value['loc'] as { start: { line: number } } | undefined)?.start ?? { line: 0 };
    if (/CallExpression$/.test(value.type)) calls.push({ isAtLoad, line, node: value });
    const isInside = isAtLoad && value.type !== 'FunctionDeclaration';
    for (const key in value) if (key !== 'loc' && key !== 'range') visit(value[key], isInside);
  };
  visit(chunk, true);
  return calls;
}

/** `local function register(name, …) redis.register_function{ function_name = name, … } end`: where the name is in a call. */
function registrarsIn(chunk: unknown): ReadonlyMap<string, number> {
  const registrars = new Map<string, number>();
  for (const statement of (chunk as { body: readonly LuaNode[] }).body) {
    const name = isNode(statement['identifier']) ? statement['identifier']['name'] : undefined;
    if (statement.type !== 'FunctionDeclaration' || typeof name !== 'string') continue;
    const parameters = (statement['parameters'] as readonly LuaNode[]).map((parameter) => parameter['name']);
    for (const { node } of callsIn(statement['body'])) {
      if (calleeOf(node) !== 'register_function') continue;
      const given = nameArgumentOf(node);
      const position = given?.type === 'Identifier' ? parameters.indexOf(given['name']) : -1;
      if (position !== -1) registrars.set(name, position);
    }
  }
  return registrars;
}

function registrationBy(
  call: LuaNode,
  registrars: ReadonlyMap<string, number>,
): Omit<Registration, 'line'> | undefined {
  const name = isNode(call['base']) && call['base'].type === 'Identifier' ? String(call['base']['name']) : undefined;
  const position = name === undefined ? undefined : registrars.get(name);
  const given = position === undefined ? undefined : argumentsOf(call)[position];
  return isNode(given) && given.type === 'StringLiteral' ? { ...nameOf(given), flags: undefined } : undefined;
}

function argumentsOf(call: LuaNode): readonly unknown[] {
  if (call.type === 'CallExpression') return call['arguments'] as unknown[];
  return [call.type === 'TableCallExpression' ? call['arguments'] : call['argument']];
}

/** What a call of register_function is given as the name. */
function nameArgumentOf(call: LuaNode): LuaNode | undefined {
  const [first] = argumentsOf(call);
  if (!isNode(first)) return undefined;
  return first.type === 'TableConstructorExpression' ? fieldOf(first, 'function_name') : first;
}

function calleeOf({ base }: LuaNode): string | undefined {
  if (!isNode(base) || base.type !== 'MemberExpression') return undefined;
  const { base: table, identifier } = base;
  const isServer = isNode(table) && (table['name'] === 'redis' || table['name'] === 'server');
  return isServer && isNode(identifier) ? String(identifier['name']) : undefined;
}

/** Of `register_function('name', …)` and `register_function{ function_name = 'name', … }`. */
function registrationOf(call: LuaNode): Omit<Registration, 'line'> | undefined {
  const name = nameArgumentOf(call);
  if (name?.type !== 'StringLiteral') return undefined;
  const [first] = argumentsOf(call);
  if (first === name) return { ...nameOf(name), flags: [] };
  const flags = fieldOf(first as LuaNode, 'flags');
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

import luaparse from 'luaparse';
import type { Library } from '../define/library.js';
import { DeployError } from '../errors.js';

/**
 * Refuses what is known to crash servers when it is loaded or replaced, before it is sent. It looks at the syntax tree: a
 * text that does not parse cannot crash anything, and the server says best what is wrong with it.
 *
 * - Two functions whose names differ only by case: the library loads, and the next DELETE or LOAD REPLACE aborts the server
 *   (every Redis and Valkey up to the middle of 2026; valkey-io/valkey#3925).
 * - redis.log outside of a function: Valkey 9.1 ends with SIGSEGV.
 *
 * @throws DeployError `UNSAFE`.
 */
export function assertHarmless(library: Library): void {
  const chunk = parse(library.code);
  if (!chunk) return;
  const names = new Map<string, string>();
  for (const { expression, isAtLoad } of calls(chunk)) {
    const callee = calleeOf(expression);
    if (callee === 'log' && isAtLoad) {
      throw unsafe(
        library,
        expression,
        'calls redis.log outside of a function, which crashes Valkey 9.1',
        'Log inside a function',
      );
    }
    if (callee !== 'register_function') continue;
    const name = registeredName(expression);
    const twin = name === undefined ? undefined : names.get(name.toLowerCase());
    if (name !== undefined && twin !== undefined && twin !== name) {
      const what = `registers "${twin}" and "${name}", which Redis takes for one name and crashes on at the next replace`;
      throw unsafe(library, expression, what, 'Rename one of them');
    }
    if (name !== undefined) names.set(name.toLowerCase(), name);
  }
}

type Node = { readonly type: string; readonly [field: string]: unknown };

function parse(code: string): Node | undefined {
  try {
    // the first line is the server's; a comment in its place keeps the line numbers
    const chunk = luaparse.parse(code.replace(/^#!/, '--'), { luaVersion: '5.1', locations: true, comments: false });
    return chunk as unknown as Node;
  } catch {
    return undefined;
  }
}

/** Every call in the tree, and whether it happens while the library is loaded. */
function* calls(node: unknown, isAtLoad = true): Generator<{ expression: Node; isAtLoad: boolean }> {
  if (Array.isArray(node)) {
    for (const each of node) yield* calls(each, isAtLoad);
    return;
  }
  if (!isNode(node)) return;
  if (/CallExpression$/.test(node.type)) yield { expression: node, isAtLoad };
  const inside = isAtLoad && node.type !== 'FunctionDeclaration';
  for (const value of Object.values(node)) yield* calls(value, inside);
}

/** The last name of what is called: `log` of `redis.log`. */
function calleeOf({ base }: Node): string | undefined {
  if (!isNode(base) || base.type !== 'MemberExpression') return undefined;
  const { base: table, identifier } = base;
  const isServer = isNode(table) && (table['name'] === 'redis' || table['name'] === 'server');
  return isServer && isNode(identifier) ? String(identifier['name']) : undefined;
}

/** Of `register_function('name', …)` and `register_function{ function_name = 'name', … }`. */
function registeredName(call: Node): string | undefined {
  const argument =
    call.type === 'TableCallExpression' ? call['arguments'] : (call['arguments'] as unknown[] | undefined)?.[0];
  if (!isNode(argument)) return undefined;
  if (argument.type === 'StringLiteral') return textOf(argument);
  const fields = (argument['fields'] as Node[] | undefined) ?? [];
  const field = fields.find(({ key }) => isNode(key) && key['name'] === 'function_name');
  return field && isNode(field['value']) ? textOf(field['value']) : undefined;
}

function textOf(node: Node): string | undefined {
  const { type, raw } = node;
  if (type !== 'StringLiteral' || typeof raw !== 'string') return undefined;
  return raw.replace(/^(?:\[=*\[|['"])|(?:\]=*\]|['"])$/g, '');
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof (value as Node).type === 'string';
}

function unsafe(library: Library, at: Node, what: string, remedy: string): DeployError {
  const { line } = (at['loc'] as { start: { line: number } }).start;
  return new DeployError('UNSAFE', library.name, `Line ${line} of library "${library.name}" ${what}. ${remedy}.`);
}

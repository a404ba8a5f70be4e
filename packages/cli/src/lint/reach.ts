import type { Names } from './names.js';
import { SERVER_TABLES, serverMember } from './server-calls.js';
import { argumentsOf, isNode, type LuaNode, memberOf, nameOf, nodes, type Visited } from './syntax-tree.js';

/** Of Lua, which send nothing; what they are given to call is looked at where it is written. */
const HARMLESS: ReadonlySet<string> = new Set(
  (
    'tonumber tostring type pairs ipairs next select unpack error assert rawget rawset rawequal setmetatable getmetatable ' +
    'collectgarbage'
  ).split(' '),
);
const LIBRARIES: ReadonlySet<string> = new Set(
  'string table math cjson cmsgpack struct bit os coroutine'.split(' ').concat(...SERVER_TABLES),
);
/** Of texts: `name:sub(1, 3)`. */
const OF_TEXTS: ReadonlySet<string> = new Set(
  'byte find format gmatch gsub len lower match rep reverse sub upper'.split(' '),
);

/** Which functions lead to which, and where that cannot be seen. */
export class Reach {
  readonly #names: Names;
  /** By function: the functions that are named in it, to be called or to be handed on. */
  readonly #named = new Map<LuaNode, Set<LuaNode>>();
  readonly #opaque = new Set<LuaNode>();

  constructor(byType: (...types: string[]) => readonly Visited[], names: Names) {
    this.#names = names;
    for (const { node, functions } of byType('Identifier')) {
      const named = functions.length > 0 ? names.function(node) : undefined;
      if (named === undefined) continue;
      for (const within of functions) this.#namedIn(within).add(named);
    }
    const calls = byType('CallExpression', 'TableCallExpression', 'StringCallExpression');
    for (const { node, functions } of calls) if (this.#isUnknown(node)) this.#hide(functions);
    this.#findHandedOn(byType, calls);
  }

  /** A function, and the local ones that it names, and so on. */
  from(callback: LuaNode): ReadonlySet<LuaNode> {
    const reached = new Set([callback]);
    for (const body of reached) for (const named of this.#named.get(body) ?? []) reached.add(named);
    return reached;
  }

  /** Something that is called on the way is not seen through: what it does is not known. */
  isOpaque(callback: LuaNode): boolean {
    return [...this.from(callback)].some((body) => this.#opaque.has(body));
  }

  #namedIn(body: LuaNode): Set<LuaNode> {
    const known = this.#named.get(body) ?? new Set();
    this.#named.set(body, known);
    return known;
  }

  #hide(functions: readonly LuaNode[]): void {
    for (const body of functions) this.#opaque.add(body);
  }

  #isUnknown(call: LuaNode): boolean {
    const base = call['base'];
    const global = this.#names.global(base);
    if (global === 'pcall' || global === 'xpcall') {
      const [first, second] = argumentsOf(call);
      return this.#isUnknownCallee(first) || (global === 'xpcall' && this.#isUnknownCallee(second));
    }
    return this.#isUnknownCallee(base);
  }

  #isUnknownCallee(callee: unknown): boolean {
    if (this.#names.function(callee)) return false;
    const global = this.#names.global(callee);
    if (global !== undefined) return !HARMLESS.has(global);
    const member = this.#names.member(callee);
    if (member) return !LIBRARIES.has(member[0]);
    const isMethod = isNode(callee) && callee.type === 'MemberExpression' && callee['indexer'] === ':';
    return !(isMethod && OF_TEXTS.has(nameOf(callee['identifier']) ?? ''));
  }

  /** `redis.call` in a table or as an argument is called by somebody else, who knows with what. */
  #findHandedOn(byType: (...types: string[]) => readonly Visited[], calls: readonly Visited[]): void {
    const seen = new Set<unknown>();
    for (const { node } of calls) {
      seen.add(node['base']);
      if (/^x?pcall$/.test(this.#names.global(node['base']) ?? '')) seen.add(argumentsOf(node)[0]);
    }
    for (const { node } of byType('LocalStatement', 'AssignmentStatement')) {
      for (const part of [...nodes(node['variables']), ...nodes(node['init'])]) {
        if (node.type === 'LocalStatement' || this.#names.variable(nodes(node['variables'])[0])) seen.add(part);
      }
    }
    for (const { node } of byType('MemberExpression', 'IndexExpression')) seen.add(node['base']);
    for (const { node, functions } of byType('Identifier', 'MemberExpression', 'IndexExpression')) {
      if (functions.length === 0 || seen.has(node)) continue;
      const member = serverMember(this.#names, node);
      const isTable = SERVER_TABLES.has(this.#names.global(node) ?? '') && memberOf(node) === undefined;
      if (member === 'call' || member === 'pcall' || isTable) this.#hide(functions);
    }
  }
}

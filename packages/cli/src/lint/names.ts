import type { Scopes, Variable } from './scopes.js';
import { isNode, type LuaNode, nameOf, textOf } from './syntax-tree.js';

/** How many locals are followed, `local a = b` by `local a = b`. */
const MOST_STEPS = 8;

/** What expressions stand for, as far as it is written out: locals that are given one value are seen through. */
export class Names {
  readonly #scopes: Scopes;

  constructor(scopes: Scopes) {
    this.#scopes = scopes;
  }

  isGlobal(node: unknown): node is LuaNode {
    return isNode(node) && this.#scopes.globals.has(node);
  }

  variable(node: unknown): Variable | undefined {
    return isNode(node) ? this.#scopes.variables.get(node) : undefined;
  }

  /** The expression behind a local that is given one; the node itself where it is none. */
  origin(node: unknown): LuaNode | undefined {
    let current = isNode(node) ? node : undefined;
    for (let step = 0; step < MOST_STEPS && current; step++) {
      const variable = this.#scopes.variables.get(current);
      if (!variable) return current;
      if (variable.values.length !== 1) return undefined;
      current = variable.values[0];
    }
    return current;
  }

  /** `redis.call` as ['redis', 'call'], through `local call = redis.call` as well; undefined for what is no member of a global. */
  member(node: unknown): readonly [table: string, member: string] | undefined {
    const origin = this.origin(node);
    if (origin?.type !== 'MemberExpression' && origin?.type !== 'IndexExpression') return undefined;
    const table = this.origin(origin['base']);
    if (!this.isGlobal(table)) return undefined;
    const member = origin.type === 'MemberExpression' ? nameOf(origin['identifier']) : textOf(origin['index']);
    return member === undefined ? undefined : [nameOf(table) ?? '', member];
  }

  /** The name of a global, through locals as well. */
  global(node: unknown): string | undefined {
    const origin = this.origin(node);
    return this.isGlobal(origin) ? nameOf(origin) : undefined;
  }

  function(node: unknown): LuaNode | undefined {
    const origin = this.origin(node);
    return origin?.type === 'FunctionDeclaration' ? origin : undefined;
  }

  /** A text that is written out, also in parts. */
  text(node: unknown, depth = 0): string | undefined {
    const origin = this.origin(node);
    if (origin?.type !== 'BinaryExpression' || origin['operator'] !== '..' || depth > MOST_STEPS) return textOf(origin);
    const [left, right] = [this.text(origin['left'], depth + 1), this.text(origin['right'], depth + 1)];
    return left === undefined || right === undefined ? undefined : left + right;
  }
}

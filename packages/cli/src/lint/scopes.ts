import { isNode, type LuaNode, nameOf, nodes } from './syntax-tree.js';

/** A local: declared by `local`, as a parameter, or by a loop. */
export interface Variable {
  readonly name: string;
  /** What it is given, where that is written out; parameters, loops and further results of a call give `undefined`. */
  readonly values: readonly (LuaNode | undefined)[];
  /** The function that it is declared in; undefined for one of the file itself. */
  readonly owner: LuaNode | undefined;
}

/** What names stand for. */
export interface Scopes {
  /** By identifier, declarations included. */
  readonly variables: ReadonlyMap<LuaNode, Variable>;
  /** Identifiers that no local is behind. */
  readonly globals: ReadonlySet<LuaNode>;
}

interface Scope {
  readonly names: Map<string, MutableVariable>;
  readonly parent: Scope | undefined;
  readonly owner: LuaNode | undefined;
}

interface MutableVariable extends Variable {
  readonly values: (LuaNode | undefined)[];
}

/** Finds out for every identifier which local it stands for, by the rules of Lua 5.1. */
export function resolveScopes(chunk: LuaNode): Scopes {
  const resolver = new Resolver();
  resolver.block(chunk['body'], { names: new Map(), parent: undefined, owner: undefined });
  return resolver;
}

class Resolver implements Scopes {
  readonly variables = new Map<LuaNode, MutableVariable>();
  readonly globals = new Set<LuaNode>();

  block(statements: unknown, scope: Scope): void {
    for (const statement of nodes(statements)) this.#visit(statement, scope);
  }

  #visit(node: LuaNode, scope: Scope): void {
    switch (node.type) {
      case 'Identifier':
        this.#refer(node, scope);
        return;
      case 'MemberExpression':
        this.#each(node['base'], scope);
        return;
      case 'TableKeyString':
        this.#each(node['value'], scope);
        return;
      case 'LocalStatement':
        this.#each(node['init'], scope);
        this.#declareAll(nodes(node['variables']), nodes(node['init']), scope);
        return;
      case 'AssignmentStatement':
        this.#each(node['init'], scope);
        this.#assign(nodes(node['variables']), nodes(node['init']), scope);
        return;
      case 'FunctionDeclaration':
        this.#function(node, scope);
        return;
      case 'ForNumericStatement':
        for (const field of ['start', 'end', 'step']) this.#each(node[field], scope);
        this.#loop(nodes([node['variable']]), node['body'], scope);
        return;
      case 'ForGenericStatement':
        this.#each(node['iterators'], scope);
        this.#loop(nodes(node['variables']), node['body'], scope);
        return;
      case 'RepeatStatement': {
        // what it waits for sees the locals of its body
        const inner = within(scope);
        this.block(node['body'], inner);
        this.#each(node['condition'], inner);
        return;
      }
      case 'Chunk':
      case 'DoStatement':
      case 'WhileStatement':
      case 'IfClause':
      case 'ElseifClause':
      case 'ElseClause':
        this.#each(node['condition'], scope);
        this.block(node['body'], within(scope));
        return;
      default:
        for (const field in node) if (field !== 'loc') this.#each(node[field], scope);
    }
  }

  #each(value: unknown, scope: Scope): void {
    if (Array.isArray(value)) for (const item of value) this.#each(item, scope);
    else if (isNode(value)) this.#visit(value, scope);
  }

  #function(node: LuaNode, scope: Scope): void {
    const name = node['identifier'];
    if (isNode(name)) {
      if (node['isLocal'] === true) this.#declare(name, scope).values.push(node);
      else this.#assign([name], [node], scope);
    }
    const inner: Scope = { names: new Map(), parent: scope, owner: node };
    if (isNode(name) && name.type === 'MemberExpression' && name['indexer'] === ':') {
      inner.names.set('self', { name: 'self', values: [undefined], owner: node });
    }
    for (const parameter of nodes(node['parameters'])) {
      if (parameter.type === 'Identifier') this.#declare(parameter, inner).values.push(undefined);
    }
    this.block(node['body'], inner);
  }

  #loop(variables: readonly LuaNode[], body: unknown, scope: Scope): void {
    const inner = within(scope);
    for (const variable of variables) this.#declare(variable, inner).values.push(undefined);
    this.block(body, inner);
  }

  #declareAll(names: readonly LuaNode[], values: readonly LuaNode[], scope: Scope): void {
    names.forEach((name, i) => {
      const variable = this.#declare(name, scope);
      // without a value it waits for one
      if (values.length > 0) variable.values.push(valueAt(values, i));
    });
  }

  #assign(targets: readonly LuaNode[], values: readonly LuaNode[], scope: Scope): void {
    targets.forEach((target, i) => {
      this.#visit(target, scope);
      this.variables.get(target)?.values.push(valueAt(values, i));
    });
  }

  #declare(identifier: LuaNode, scope: Scope): MutableVariable {
    const variable: MutableVariable = { name: nameOf(identifier) ?? '', values: [], owner: scope.owner };
    scope.names.set(variable.name, variable);
    this.variables.set(identifier, variable);
    return variable;
  }

  #refer(identifier: LuaNode, from: Scope): void {
    const name = nameOf(identifier) ?? '';
    for (let scope: Scope | undefined = from; scope; scope = scope.parent) {
      const variable = scope.names.get(name);
      if (variable === undefined) continue;
      this.variables.set(identifier, variable);
      return;
    }
    this.globals.add(identifier);
  }
}

function within(scope: Scope): Scope {
  return { names: new Map(), parent: scope, owner: scope.owner };
}

/** The last value may be a call, which gives several. */
function valueAt(values: readonly LuaNode[], i: number): LuaNode | undefined {
  const isFurtherResult = i >= values.length;
  return isFurtherResult ? undefined : values[i];
}

import { isNode, type LuaNode, nameOf, nodes, parseLua, walk } from '../lint/syntax-tree.js';

/** A variable that a function declares. */
export interface LuaLocal {
  readonly name: string;
  /** From this line on it has its value. */
  readonly line: number;
  /** The last line of the block that it is in. */
  readonly until: number;
}

export interface LuaFunction {
  /** 0: the file itself. */
  readonly id: number;
  readonly name: string | undefined;
  readonly first: number;
  readonly last: number;
  readonly locals: LuaLocal[];
  readonly node: LuaNode;
  readonly parent: LuaFunction | undefined;
}

/** Where the text of a library declares something: the shim is told there how to read it. */
export interface Declaration {
  readonly of: LuaFunction;
  readonly names: readonly string[];
  readonly at: number;
  readonly isEntry: boolean;
}

/** The text of a library, as a debugger needs it: functions, variables, and the lines that something happens in. */
export class LuaSource {
  readonly lines: readonly string[];
  readonly functions: LuaFunction[] = [];
  readonly declarations: Declaration[] = [];
  readonly #code: string;
  readonly #stops = new Set<number>();
  readonly #headers = new Set<number>();
  readonly #loops = new Set<number>();

  /** @throws SyntaxError as `parseLua`. */
  constructor(code: string) {
    this.#code = code;
    this.lines = code.split('\n');
    this.#addFunction(parseLua(code, { detailed: true }), undefined, undefined);
  }

  /** The line itself, or the next in the text that something happens in. Undefined where there is none. */
  stopFor(line: number): number | undefined {
    let stop = this.#headers.has(line) ? line + 1 : line;
    while (stop <= this.lines.length && !this.#stops.has(stop)) stop++;
    return stop <= this.lines.length ? stop : undefined;
  }

  /** The innermost function that has the line; the file where there is none. */
  functionAt(line: number): LuaFunction {
    const around = this.functions.filter(({ first, last }) => first <= line && line <= last);
    return around.reduce((inner, each) => (each.last - each.first < inner.last - inner.first ? each : inner));
  }

  /** Variables of a function that have a value at a line. */
  visible({ locals }: LuaFunction, line: number): string[] {
    return [...new Set(locals.filter((local) => local.line <= line && line <= local.until).map(({ name }) => name))];
  }

  /** Variables that a function uses and does not declare, with the function that does. */
  upvalues(of: LuaFunction): { name: string; owner: LuaFunction }[] {
    const own = new Set(of.locals.map(({ name }) => name));
    const used = new Set<string>();
    for (const { node } of walk(of.node['body'])) {
      const name = node['isLocal'] === true ? nameOf(node) : undefined;
      if (name !== undefined && !own.has(name)) used.add(name);
    }
    return [...used].flatMap((name) => {
      const owner = this.ownerOf(of, name);
      return owner ? [{ name, owner }] : [];
    });
  }

  /** The function around this one that declares a variable; undefined where none does. */
  ownerOf({ parent }: LuaFunction, name: string): LuaFunction | undefined {
    let owner = parent;
    while (owner && !owner.locals.some((local) => local.name === name)) owner = owner.parent;
    return owner;
  }

  /** The shim's way into a function or round a loop, which is no line of the function's own. */
  isEcho(line: number, before: number): boolean {
    return this.#headers.has(line) || (this.#loops.has(line) && line === before);
  }

  #addFunction(node: LuaNode, name: string | undefined, parent: LuaFunction | undefined): void {
    const [first, last] = parent ? linesOf(node) : [1, this.lines.length];
    const of: LuaFunction = { id: this.functions.length, name, first, last, locals: [], node, parent };
    this.functions.push(of);
    const body = nodes(node['body']);
    const parameters = nodes(node['parameters']);
    const names = parameters.map(nameOf).filter((each) => each !== undefined);
    for (const each of names) of.locals.push({ name: each, line: first, until: last });
    const end = parameters.at(-1)?.range?.[1];
    const open = end === undefined ? undefined : /^\s*\)/.exec(this.#code.slice(end))?.[0];
    const header = end === undefined ? first : lineAt(this.#code, end);
    if (open !== undefined && names.length > 0) {
      this.declarations.push({ of, names, at: (end as number) + open.length, isEntry: true });
    }
    if (parent && body[0] && linesOf(body[0])[0] > header) this.#headers.add(header);
    this.#addBlock(body, of, last);
  }

  #addBlock(body: readonly LuaNode[], of: LuaFunction, until: number): void {
    for (const statement of body) this.#addStatement(statement, of, until);
  }

  #addStatement(statement: LuaNode, of: LuaFunction, until: number): void {
    const [first, last] = linesOf(statement);
    const { type } = statement;
    if (type === 'FunctionDeclaration') {
      const name = nameOf(statement['identifier']);
      this.#stops.add(statement['isLocal'] === true ? last : first);
      this.#addFunction(statement, functionName(statement['identifier']), of);
      if (statement['isLocal'] === true && name !== undefined) this.#declare([name], statement, of, until);
      return;
    }
    const [names, values] = [nodes(statement['variables']), nodes(statement['init'])];
    if (type === 'LocalStatement' || type === 'AssignmentStatement') {
      if (values.length > 0) this.#stops.add(startOf(values[0] as LuaNode));
    } else if (type === 'ReturnStatement' || type === 'CallStatement' || type === 'BreakStatement') {
      this.#stops.add(first);
    } else if (/^(?:While|For)/.test(type)) {
      this.#stops.add(first);
    }
    for (const clause of nodes(statement['clauses'])) {
      if (isNode(clause['condition'])) this.#stops.add(startOf(clause['condition']));
      this.#addInner([clause['condition']], of, undefined);
      this.#addBlock(nodes(clause['body']), of, linesOf(clause)[1]);
    }
    if (type === 'RepeatStatement') this.#stops.add(startOf(statement['condition'] as LuaNode));
    for (const field of ['init', 'expression', 'condition', 'iterators', 'start', 'end', 'step', 'arguments']) {
      this.#addInner([statement[field]].flat(), of, type === 'LocalStatement' ? nameOf(names[0]) : undefined);
    }
    if (/^For/.test(type)) this.#addLoop(statement, of);
    if (type !== 'FunctionDeclaration' && Array.isArray(statement['body'])) {
      this.#addBlock(nodes(statement['body']), of, last);
    }
    if (type === 'LocalStatement') this.#declare(names.map(nameOf), statement, of, until);
  }

  /** Functions within an expression, and the lines of its calls. */
  #addInner(values: readonly unknown[], of: LuaFunction, name: string | undefined): void {
    for (const value of values) {
      if (Array.isArray(value)) this.#addInner(value, of, name);
      else if (isNode(value)) {
        if (value.type === 'FunctionDeclaration') this.#addFunction(value, name, of);
        else {
          const key = value.type === 'TableKeyString' ? nameOf(value['key']) : undefined;
          // the server knows the name that a callback is registered by
          const inside = key === 'callback' ? undefined : key;
          for (const [field, each] of Object.entries(value)) {
            if (field !== 'loc' && field !== 'range' && typeof each === 'object') this.#addInner([each], of, inside);
          }
        }
      }
    }
  }

  #addLoop(statement: LuaNode, of: LuaFunction): void {
    const [first, last] = linesOf(statement);
    const variables = [statement['variable'], nodes(statement['variables'])].flat();
    const names = variables.map(nameOf).filter((each) => each !== undefined);
    for (const name of names) of.locals.push({ name, line: first, until: last });
    const before = [statement['step'], statement['end'], nodes(statement['iterators']).at(-1)].find(isNode)?.range?.[1];
    const opening = before === undefined ? undefined : /^[\s)]*do\b/.exec(this.#code.slice(before))?.[0];
    if (before === undefined || opening === undefined) return;
    this.declarations.push({ of, names, at: before + opening.length, isEntry: false });
    const body = nodes(statement['body']);
    if (!body[0] || linesOf(body[0])[0] > first) this.#loops.add(first);
  }

  #declare(given: readonly (string | undefined)[], statement: LuaNode, of: LuaFunction, until: number): void {
    const names = given.filter((name) => name !== undefined);
    for (const name of names) of.locals.push({ name, line: linesOf(statement)[1], until });
    const end = statement.range?.[1];
    if (end !== undefined) this.declarations.push({ of, names, at: end, isEntry: false });
  }
}

function linesOf({ loc }: LuaNode): [first: number, last: number] {
  return [loc.start.line, (loc.end ?? loc.start).line];
}

function startOf(node: LuaNode): number {
  return linesOf(node)[0];
}

function lineAt(code: string, at: number): number {
  return code.slice(0, at).split('\n').length;
}

/** `add`, `cart.add`, `cart:add`. */
function functionName(identifier: unknown): string | undefined {
  const name = nameOf(identifier);
  if (name !== undefined || !isNode(identifier) || identifier.type !== 'MemberExpression') return name;
  return `${functionName(identifier['base']) ?? '?'}${identifier['indexer']}${nameOf(identifier['identifier'])}`;
}

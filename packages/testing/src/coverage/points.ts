import type { Node, Statement } from 'luaparse';
import { type LuaNode, type Span, spanOf } from './syntax-tree.js';

/** What is counted in a text: every entry is a number under which hits arrive. */
export interface Points {
  /** Where each statement stands; the condition of an `elseif` and of an `until` is one as well. */
  readonly statements: ReadonlyMap<number, Span>;
  readonly functions: readonly FunctionPoint[];
  readonly branches: readonly BranchPoint[];
}

export interface FunctionPoint {
  readonly name: string;
  readonly span: Span;
  /** Hit once for each call: the first statement of its body. */
  readonly id: number;
}

/** An `if`: its arms in their order, the `else` that is not written included. */
export interface BranchPoint {
  readonly span: Span;
  readonly arms: readonly { readonly id: number; readonly span: Span }[];
}

/** Lua to put into the text, without a line break: lines stay lines. */
export interface Insertion {
  readonly at: number;
  readonly text: string;
}

/** Calls of the counter, as the text of the counter defines them. */
export interface CounterCalls {
  count(id: number, write: boolean): string;
  write(): string;
  loaded(): string;
}

/** Finds what to count, and where the counter has to be called for it. */
export function findPoints(chunk: LuaNode<'Chunk'>, calls: CounterCalls): { points: Points; insertions: Insertion[] } {
  const finder = new PointFinder(calls);
  finder.chunk(chunk);
  return { points: finder, insertions: finder.insertions };
}

class PointFinder implements Points {
  readonly statements = new Map<number, Span>();
  readonly functions: FunctionPoint[] = [];
  readonly branches: BranchPoint[] = [];
  readonly insertions: Insertion[] = [];
  readonly #calls: CounterCalls;
  #ids = 0;
  #depth = 0;

  constructor(calls: CounterCalls) {
    this.#calls = calls;
  }

  chunk({ body }: LuaNode<'Chunk'>): void {
    this.#block(body);
    const last = body.at(-1);
    if (last && last.type !== 'ReturnStatement') this.#insert(spanOf(last).end, ` ${this.#calls.loaded()} `);
  }

  /** @returns The number that is hit once for each run of the block; undefined where it is empty. */
  #block(body: readonly Statement[]): number | undefined {
    const [first] = body.map((statement) => this.#statement(statement));
    return first;
  }

  #statement(statement: Statement): number {
    const span = spanOf(statement);
    const isReturn = statement.type === 'ReturnStatement';
    // the end of the loading, where it stands outside of functions
    if (isReturn && this.#depth === 0) this.#insert(span.start, ` ${this.#calls.loaded()};`);
    // what is called may raise, and what returns may be the end: in scripts mode nothing is left after either
    const id = this.#statementId(span);
    this.#insert(span.start, ` ${this.#calls.count(id, isReturn || calls(headOf(statement)))};`);
    if (statement.type === 'IfStatement') this.#if(statement);
    else if (statement.type === 'FunctionDeclaration') this.#function(statement);
    else {
      if ('body' in statement) this.#block(statement.body);
      if (statement.type === 'RepeatStatement') this.#condition(spanOf(statement.condition));
      for (const part of headOf(statement)) this.#functionsIn(part);
    }
    return id;
  }

  #if(statement: LuaNode<'IfStatement'>): void {
    const span = spanOf(statement);
    const arms = statement.clauses.map((clause) => {
      const part = spanOf(clause);
      if (clause.type === 'ElseifClause') this.#condition(part, part.start + 'elseif'.length);
      if (clause.type !== 'ElseClause') this.#functionsIn(clause.condition);
      return { id: this.#block(clause.body) ?? this.#mark(part.end), span: part };
    });
    const hasElse = statement.clauses.at(-1)?.type === 'ElseClause';
    if (!hasElse) {
      const other = ++this.#ids;
      this.#insert(span.end - 'end'.length, ` else ${this.#calls.count(other, false)} `);
      arms.push({ id: other, span });
    }
    this.branches.push({ span, arms });
  }

  /** A condition has no place for a statement before it: it becomes "true and …", which binds weaker than all but `or`. */
  #condition(span: Span, at = span.start): void {
    this.#insert(at, ` ${this.#calls.count(this.#statementId(span), true)} and `);
  }

  #function(declaration: LuaNode<'FunctionDeclaration'>, name = nameOf(declaration.identifier)): void {
    const span = spanOf(declaration);
    this.#depth += 1;
    const atEnd = span.end - 'end'.length;
    const id = this.#block(declaration.body) ?? this.#mark(atEnd);
    if (declaration.body.at(-1)?.type !== 'ReturnStatement') this.#insert(atEnd, ` ${this.#calls.write()} `);
    this.#depth -= 1;
    this.functions.push({ name: name ?? `(line ${span.from.line})`, span, id });
  }

  /** The functions that an expression makes. */
  #functionsIn(node: unknown, name?: string): void {
    if (Array.isArray(node)) {
      for (const [index, each] of node.entries()) this.#functionsIn(each, name ?? textOf(node[index - 1]));
      return;
    }
    if (!isNode(node)) return;
    if (node.type === 'FunctionDeclaration') this.#function(node, name);
    else if (node.type === 'TableKeyString') this.#functionsIn(node.value, node.key.name);
    else if (node.type === 'LocalStatement' || node.type === 'AssignmentStatement') {
      for (const [index, value] of node.init.entries()) this.#functionsIn(value, nameOf(node.variables[index]));
    } else for (const field of Object.values(node)) this.#functionsIn(field);
  }

  #statementId(span: Span): number {
    const id = ++this.#ids;
    this.statements.set(id, span);
    return id;
  }

  /** A hit without a statement: of a body that is empty. */
  #mark(at: number): number {
    const id = ++this.#ids;
    this.#insert(at, ` ${this.#calls.count(id, false)} `);
    return id;
  }

  #insert(at: number, text: string): void {
    this.insertions.push({ at, text });
  }
}

/** What a statement evaluates itself, without the statements in it. */
function headOf(statement: Statement): readonly Node[] {
  switch (statement.type) {
    case 'IfStatement':
      return statement.clauses.slice(0, 1).flatMap((clause) => ('condition' in clause ? [clause.condition] : []));
    case 'WhileStatement':
    case 'RepeatStatement':
      return [statement.condition];
    case 'ForNumericStatement':
      return [statement.start, statement.end, ...(statement.step ? [statement.step] : [])];
    case 'ForGenericStatement':
      return statement.iterators;
    case 'FunctionDeclaration':
    case 'DoStatement':
      return [];
    default:
      return [statement];
  }
}

/** Something is called when it is evaluated. */
function calls(node: unknown): boolean {
  if (Array.isArray(node)) return node.some(calls);
  if (!isNode(node) || node.type === 'FunctionDeclaration') return false;
  return /CallExpression$/.test(node.type) || Object.values(node).some(calls);
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof (value as Node).type === 'string';
}

/** `cart.add` of `function cart.add()`. */
function nameOf(node: unknown): string | undefined {
  if (!isNode(node)) return undefined;
  if (node.type === 'Identifier') return node.name;
  if (node.type !== 'MemberExpression') return undefined;
  return `${nameOf(node.base) ?? ''}${node.indexer}${node.identifier.name}`;
}

function textOf(node: unknown): string | undefined {
  return isNode(node) && node.type === 'StringLiteral' ? node.raw.slice(1, -1) : undefined;
}

import { createHash } from 'node:crypto';
import type { Chunk } from 'luaparse';
import { counterCalls, counterLua } from './counter.js';
import { findPoints, type Insertion, type Points } from './points.js';
import { parseLua, spanOf } from './syntax-tree.js';

/** Lua 5.1 has 200 local variables in one function, the top level of a library included. */
const MOST_LOCALS = 200;

/** A text of Lua and what is counted in it. */
export interface InstrumentedLua {
  readonly id: string;
  /** Line for line the given text, with calls of the counter in it. */
  readonly code: string;
  readonly points: Points;
}

/** Says of a text why nothing can be counted in it. */
export interface NotInstrumented {
  readonly id: string;
  readonly reason: string;
}

export function instrument(given: string): InstrumentedLua | NotInstrumented {
  const id = idOf(given);
  let chunk: Chunk;
  try {
    chunk = parseLua(given);
  } catch (error) {
    return { id, reason: `it is not Lua 5.1: ${(error as Error).message}` };
  }
  const [first] = chunk.body;
  if (!first) return { id, reason: 'it has no statement' };
  if (localsOf(chunk) >= MOST_LOCALS) {
    return { id, reason: `it has ${MOST_LOCALS} local variables at its top level, and the counter is one more` };
  }
  const { points, insertions } = findPoints(chunk, counterCalls);
  const counter = { at: spanOf(first).start, text: counterLua(id) };
  return { id, code: insert(given, [counter, ...insertions]), points };
}

/** The same for a text whose line breaks or end a bundler has changed. */
export function idOf(code: string): string {
  const text = code.replaceAll('\r\n', '\n').trimEnd();
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

function insert(code: string, insertions: readonly Insertion[]): string {
  let [text, position] = ['', 0];
  // those at the same place stay in their order: the sort is stable
  for (const { at, text: inserted } of insertions.toSorted((left, right) => left.at - right.at)) {
    text += code.slice(position, at) + inserted;
    position = at;
  }
  return text + code.slice(position);
}

function localsOf({ body }: Chunk): number {
  return body.reduce((sum, statement) => {
    if (statement.type === 'LocalStatement') return sum + statement.variables.length;
    return statement.type === 'FunctionDeclaration' && statement.isLocal ? sum + 1 : sum;
  }, 0);
}

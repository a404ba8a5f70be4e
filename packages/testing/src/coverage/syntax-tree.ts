import luaparse, { type Chunk, type Node } from 'luaparse';

export type LuaNode<Type extends Node['type']> = Extract<Node, { type: Type }>;

/** A part of a text: offsets, and lines (from 1) with columns (from 0). */
export interface Span {
  readonly start: number;
  readonly end: number;
  readonly from: Position;
  readonly to: Position;
}

export interface Position {
  readonly line: number;
  readonly column: number;
}

/** @throws SyntaxError for a text that is not Lua 5.1. */
export function parseLua(code: string): Chunk {
  // the first line is the server's; a comment of the same length keeps lines and offsets
  const text = code.replace(/^#!/, '--');
  return luaparse.parse(text, { luaVersion: '5.1', locations: true, ranges: true, comments: false });
}

export function spanOf(node: Node): Span {
  const { range, loc } = node as unknown as { range: [number, number]; loc: { start: Position; end: Position } };
  return { start: range[0], end: range[1], from: { ...loc.start }, to: { ...loc.end } };
}

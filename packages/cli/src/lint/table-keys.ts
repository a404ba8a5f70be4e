import type { LuaLibrary } from './library.js';
import type { Variable } from './scopes.js';
import { type LuaNode, nameOf, nodes, textOf } from './syntax-tree.js';

/** `name = …` and `['name'] = …`. */
export function keyOf(field: LuaNode): string | undefined {
  if (field.type === 'TableKeyString') return nameOf(field['key']);
  return field.type === 'TableKey' ? textOf(field['key']) : undefined;
}

/** Of the fields that are written out in it. */
export function keysOf(table: LuaNode): readonly string[] {
  return nodes(table['fields']).flatMap((field) => keyOf(field) ?? []);
}

/** `reply.total = 5`, for a table that is a local. */
export function keysSetLater(library: LuaLibrary, table: LuaNode | undefined): readonly string[] {
  const variable = library.names.variable(table);
  if (!variable) return [];
  const known = setLater.get(library) ?? findSetLater(library);
  setLater.set(library, known);
  return known.get(variable) ?? [];
}

type SetLater = ReadonlyMap<Variable, readonly string[]>;

/** Every table is asked for. */
const setLater = new WeakMap<LuaLibrary, SetLater>();

function findSetLater({ of, names }: LuaLibrary): SetLater {
  const found = new Map<Variable, string[]>();
  for (const target of of('AssignmentStatement').flatMap(({ node }) => nodes(node['variables']))) {
    const variable = names.variable(target['base']);
    const key = target.type === 'MemberExpression' ? nameOf(target['identifier']) : textOf(target['index']);
    if (variable && key !== undefined) found.set(variable, [...(found.get(variable) ?? []), key]);
  }
  return found;
}

import type { Names } from './names.js';
import type { ServerCall } from './server-calls.js';
import { isNode, type LuaNode, nameOf, nodes } from './syntax-tree.js';

export interface Registered {
  readonly name: string;
  /** Undefined where they are not written out. */
  readonly flags: readonly string[] | undefined;
  /** Undefined where it is not found: another function made it. */
  readonly callback: LuaNode | undefined;
  readonly call: LuaNode;
}

/** What a call of register_function registers, as far as it is written out. */
export function registeredBy({ member, args: [first, second], call }: ServerCall, names: Names): readonly Registered[] {
  if (member !== 'register_function') return [];
  const name = names.text(first);
  if (name !== undefined) return [{ name, flags: [], callback: names.function(second), call }];
  const table = names.origin(first);
  if (table?.type !== 'TableConstructorExpression') return [];
  const named = names.text(fieldOf(table, 'function_name'));
  if (named === undefined) return [];
  const flags = flagsOf(fieldOf(table, 'flags'), names);
  return [{ name: named, flags, callback: names.function(fieldOf(table, 'callback')), call }];
}

function fieldOf(table: LuaNode, key: string): unknown {
  return nodes(table['fields']).find((each) => each.type === 'TableKeyString' && nameOf(each['key']) === key)?.[
    'value'
  ];
}

function flagsOf(given: unknown, names: Names): readonly string[] | undefined {
  if (!isNode(given)) return [];
  const table = names.origin(given);
  if (table?.type !== 'TableConstructorExpression') return undefined;
  const texts = nodes(table['fields']).map((field) => names.text(field['value']));
  return texts.every((text) => text !== undefined) ? texts : undefined;
}

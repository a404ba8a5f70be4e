import type { LuaLibrary } from './library.js';
import type { Report, Rule } from './rules.js';
import { isNode, type LuaNode, nameOf, nodes, textOf, walk } from './syntax-tree.js';

/** A table with one of these is another kind of reply, and the rest of it is lost. */
const RESERVED: ReadonlySet<string> = new Set(['ok', 'err', 'double', 'big_number', 'verbatim_string', 'map', 'set']);

/** What is left of a reply on its way to the client. */
export const replyRules = {
  'string-keyed-reply': (library, report) =>
    eachTable(library, report, (table, tell) => {
      const keys = keysOf(table);
      if (keys.length === 0 || keys.some((key) => RESERVED.has(key))) return;
      tell(
        table,
        `The field "${keys[0]}" does not reach the client: replies are lists. Return { …, … } in a fixed order.`,
      );
    }),
  'reserved-reply-field': (library, report) =>
    eachTable(library, report, (table, tell) => {
      const fields = nodes(table['fields']);
      const reserved = keysOf(table).find((key) => RESERVED.has(key));
      if (reserved === undefined) return;
      const value = fields.find((field) => nameOf(field['key']) === reserved)?.['value'];
      const isAlone = fields.length === 1 && !(isNode(value) && /^(?:Boolean|Numeric|Nil)Literal$/.test(value.type));
      if (isAlone) return;
      tell(
        table,
        `A table with the field "${reserved}" is a reply of its own kind, and the rest of it is lost. Return a list.`,
      );
    }),
  'nil-in-reply': (library, report) =>
    eachTable(library, report, (table, tell) => {
      const values = nodes(table['fields']).filter((field) => field.type === 'TableValue');
      const at = values.findIndex((field) => isNode(field['value']) && field['value'].type === 'NilLiteral');
      if (at === -1 || at === values.length - 1) return;
      tell(table, 'A list ends at its first nil, and what comes after it is lost. Return false, or an empty text.');
    }),
  'float-reply': (library, report) => {
    for (const value of returnedBy(library).flat()) {
      const isFraction = value.type === 'NumericLiteral' && !Number.isInteger(value['value']);
      const isQuotient = value.type === 'BinaryExpression' && value['operator'] === '/';
      if (isFraction || isQuotient) {
        report(value, 'Numbers lose their fraction on the way. Return a text: tostring(…), or string.format.');
      }
    }
  },
  'several-results': (library, report) => {
    for (const values of returnedBy(library)) {
      const [first, second] = values;
      // nil and what is wrong is for callers in Lua
      if (!first || !second) continue;
      report(second, 'Only the first result reaches the client. Return a list of them: { …, … }.');
    }
  },
} as const satisfies Readonly<Record<string, Rule>>;

/** What the callbacks themselves return; of the functions that they call nobody knows whose it is. */
function returnedBy({ registered }: LuaLibrary): readonly (readonly LuaNode[])[] {
  const callbacks = new Set(registered.flatMap(({ callback }) => (callback ? [callback] : [])));
  return [...callbacks].flatMap((callback) =>
    walk(callback['body']).flatMap(({ node, functions }) =>
      node.type === 'ReturnStatement' && functions.length === 0 ? [nodes(node['arguments'])] : [],
    ),
  );
}

function eachTable(library: LuaLibrary, report: Report, look: (table: LuaNode, tell: Report) => void): void {
  for (const value of returnedBy(library).flat()) {
    if (value.type === 'TableConstructorExpression') look(value, report);
  }
}

function keysOf(table: LuaNode): readonly string[] {
  return nodes(table['fields']).flatMap((field) => {
    if (field.type === 'TableKeyString') return [nameOf(field['key']) ?? ''];
    const key = field.type === 'TableKey' ? textOf(field['key']) : undefined;
    return key === undefined ? [] : [key];
  });
}

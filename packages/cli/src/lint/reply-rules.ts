import type { LuaLibrary } from './library.js';
import { returnedBy } from './returned.js';
import type { Report, Rule } from './rules.js';
import { isNode, type LuaNode, nameOf, nodes } from './syntax-tree.js';
import { keysOf, keysSetLater } from './table-keys.js';

/** A table with one of these is another kind of reply, and the rest of it is lost. */
const RESERVED: ReadonlySet<string> = new Set(['ok', 'err', 'double', 'big_number', 'verbatim_string', 'map', 'set']);

/** What is left of a reply on its way to the client. */
export const replyRules = {
  'string-keyed-reply': (library, report) =>
    eachTable(library, report, ({ table, keys }, tell) => {
      if (keys.length === 0 || keys.some((key) => RESERVED.has(key))) return;
      tell(
        table,
        `The field "${keys[0]}" does not reach the client: replies are lists. Return { …, … } in a fixed order.`,
      );
    }),
  'reserved-reply-field': (library, report) =>
    eachTable(library, report, ({ table, keys }, tell) => {
      const fields = nodes(table['fields']);
      const reserved = keys.find((key) => RESERVED.has(key));
      if (reserved === undefined) return;
      const value = fields.find((field) => nameOf(field['key']) === reserved)?.['value'];
      const isAlone = fields.length <= 1 && !(isNode(value) && /^(?:Boolean|Numeric|Nil)Literal$/.test(value.type));
      if (isAlone && keys.length === 1) return;
      tell(
        table,
        `A table with the field "${reserved}" is a reply of its own kind, and the rest of it is lost. Return a list.`,
      );
    }),
  'nil-in-reply': (library, report) =>
    eachTable(library, report, ({ table }, tell) => {
      const values = nodes(table['fields']).filter((field) => field.type === 'TableValue');
      const isNil = (field: LuaNode) => isNode(field['value']) && field['value'].type === 'NilLiteral';
      const at = values.findIndex(isNil);
      if (at === -1 || values.slice(at).every(isNil)) return;
      tell(table, 'A list ends at its first nil, and what comes after it is lost. Return false, or an empty text.');
    }),
  'float-reply': (library, report) => {
    for (const value of returnedBy(library).flat()) {
      const [number = value] = value.type === 'UnaryExpression' ? nodes([value['argument']]) : [];
      const isFraction = number.type === 'NumericLiteral' && !Number.isInteger(number['value']);
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

interface ReturnedTable {
  readonly table: LuaNode;
  /** Its fields with names, those that are set later included. */
  readonly keys: readonly string[];
}

function eachTable(library: LuaLibrary, report: Report, look: (returned: ReturnedTable, tell: Report) => void): void {
  const values = new Set(returnedBy(library).flat());
  for (const value of values) {
    const table = library.names.origin(value);
    if (table?.type !== 'TableConstructorExpression') continue;
    look({ table, keys: [...keysOf(table), ...keysSetLater(library, value)] }, (_, message) => report(value, message));
    // lists in it are replies too
    for (const field of nodes(table['fields'])) {
      if (field.type === 'TableValue') for (const inner of nodes([field['value']])) values.add(inner);
    }
  }
}

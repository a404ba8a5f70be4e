import type { LuaLibrary } from './library.js';
import type { Report, Rule } from './rules.js';
import { isCall, isNode, type LuaNode, nameOf, nodes, textOf } from './syntax-tree.js';

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

/** What the callbacks return, and the local functions whose results they hand on. */
function returnedBy({ registered, names, of }: LuaLibrary): readonly (readonly LuaNode[])[] {
  const byFunction = new Map<LuaNode, (readonly LuaNode[])[]>();
  for (const { node, functions } of of('ReturnStatement')) {
    const body = functions.at(-1);
    if (body) byFunction.set(body, [...(byFunction.get(body) ?? []), nodes(node['arguments'])]);
  }
  const answering = new Set(registered.flatMap(({ callback }) => (callback ? [callback] : [])));
  for (const body of answering) {
    for (const values of byFunction.get(body) ?? []) {
      const handedOn = values.length === 1 && isCall(values[0]) ? names.function(values[0]['base']) : undefined;
      if (handedOn) answering.add(handedOn);
    }
  }
  return [...answering].flatMap((body) => byFunction.get(body) ?? []);
}

interface ReturnedTable {
  readonly table: LuaNode;
  /** Its fields with names, those that are set later included. */
  readonly keys: readonly string[];
}

function eachTable(library: LuaLibrary, report: Report, look: (returned: ReturnedTable, tell: Report) => void): void {
  for (const value of returnedBy(library).flat()) {
    const table = library.names.origin(value);
    if (table?.type !== 'TableConstructorExpression') continue;
    look({ table, keys: [...keysOf(table), ...setLater(library, value)] }, (_, message) => report(value, message));
  }
}

function keysOf(table: LuaNode): readonly string[] {
  return nodes(table['fields']).flatMap((field) => {
    if (field.type === 'TableKeyString') return [nameOf(field['key']) ?? ''];
    const key = field.type === 'TableKey' ? textOf(field['key']) : undefined;
    return key === undefined ? [] : [key];
  });
}

/** `reply.total = 5`, for a reply that is a local. */
function setLater({ of, names }: LuaLibrary, returned: LuaNode): readonly string[] {
  const variable = names.variable(returned);
  if (!variable) return [];
  return of('AssignmentStatement')
    .flatMap(({ node }) => nodes(node['variables']))
    .filter((target) => isNode(target['base']) && names.variable(target['base']) === variable)
    .flatMap((target) =>
      target.type === 'MemberExpression'
        ? [nameOf(target['identifier']) ?? '']
        : [textOf(target['index']) ?? []].flat(),
    );
}

import { FLAGS, READS, REPLICATED, WRITES } from './commands.js';
import type { Rule } from './rules.js';
import { nameOf, nodes } from './syntax-tree.js';

const HEADER = /^#!lua[ \t]+name=(["']?)\w+\1[ \t]*\r?\n/i;
const VERSION = /^--[ \t]*@version[ \t]+\d+\.\d+\.\d+/m;

/** Of the table that register_function takes. */
const FIELDS: ReadonlySet<string> = new Set(['function_name', 'callback', 'flags', 'description']);

const top = (line: number) => ({ type: 'Line', loc: { start: { line, column: 0 } } });

/** What a library says of itself and of its functions. */
export const registrationRules = {
  'missing-header': ({ code }, report) => {
    if (HEADER.test(code)) return;
    report(top(1), 'The server takes no library without its first line. Begin the file with "#!lua name=NAME".');
  },
  'missing-version': ({ code }, report) => {
    if (VERSION.test(code)) return;
    report(
      top(1),
      'Nobody can tell an older release from a newer one. Write "-- @version 1.0.0" under the first line.',
    );
  },
  'no-function': ({ serverCalls }, report) => {
    if (serverCalls.some(({ member }) => member === 'register_function')) return;
    report(
      top(1),
      'The server takes no library without a function. Register one: redis.register_function(NAME, CALLBACK).',
    );
  },
  'duplicate-name': ({ registered }, report) => {
    for (const [i, { name, call }] of registered.entries()) {
      const twin = registered.slice(0, i).find((other) => other.name.toLowerCase() === name.toLowerCase());
      if (twin === undefined) continue;
      report(
        call,
        twin.name === name
          ? `The server refuses a second "${name}". Give it another name.`
          : `"${twin.name}" and "${name}" are one name to the server, which crashes when the library is replaced. Rename one.`,
      );
    }
  },
  'function-name': ({ registered }, report) => {
    for (const { name, call } of registered) {
      if (/^\w+$/.test(name)) continue;
      report(call, `The server takes no function "${name}". Use letters, digits and _.`);
    }
  },
  'flags-argument': ({ serverCalls, registered }, report) => {
    for (const { member, args, call } of serverCalls) {
      if (member !== 'register_function' || args.length < 3) continue;
      report(
        call,
        'register_function takes flags in its table form only: { function_name = …, callback = …, flags = … }.',
      );
    }
    for (const { flags = [], call } of registered) {
      const unknown = flags.find((flag) => !FLAGS.has(flag.toLowerCase()));
      if (unknown !== undefined) report(call, `There is no flag "${unknown}". Choose from ${[...FLAGS].join(', ')}.`);
    }
  },
  'registration-field': ({ serverCalls }, report) => {
    for (const { member, args, call } of serverCalls) {
      const [table, ...more] = args;
      // a table from elsewhere may have been given more fields there
      if (member !== 'register_function' || more.length > 0 || table?.type !== 'TableConstructorExpression') continue;
      const fields = nodes(table['fields']).map((field) =>
        field.type === 'TableKeyString' ? nameOf(field['key']) : '',
      );
      const unknown = fields.find((field) => field !== undefined && field !== '' && !FIELDS.has(field));
      if (unknown !== undefined) {
        report(call, `The server refuses the field "${unknown}". Choose from ${[...FIELDS].join(', ')}.`);
      }
      const missing = fields.includes('')
        ? undefined
        : ['function_name', 'callback'].find((field) => !fields.includes(field));
      if (missing !== undefined) report(call, `The server registers nothing without "${missing}". Give it one.`);
    }
  },
  'missing-no-writes': (library, report) => {
    for (const { name, flags, callback, call } of library.registered) {
      if (flags?.length !== 0 || !callback || library.isOpaque(callback)) continue;
      const commands = library.commandsOf(callback);
      if (commands.length === 0 || !commands.every((command) => command.name && READS.has(command.name))) continue;
      report(
        call,
        `"${name}" only reads, and is refused on replicas, on a full server and by FCALL_RO. Register it with the flag no-writes.`,
      );
    }
  },
  'write-in-no-writes': (library, report) => {
    for (const { name, flags, callback } of library.registered) {
      if (!flags?.includes('no-writes') || !callback) continue;
      for (const command of library.commandsOf(callback)) {
        if (command.name === undefined || !(WRITES.has(command.name) || REPLICATED.has(command.name))) continue;
        report(
          command.call,
          `"${name}" says no-writes, and the server refuses ${command.name} in it. Take out one of them.`,
        );
      }
    }
  },
} as const satisfies Readonly<Record<string, Rule>>;

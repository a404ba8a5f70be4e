import { type BoundFunction, bindingOf } from './binding.js';

export interface ModuleParts {
  /** Of the Lua file, seen from the module. */
  readonly source: string;
  /** Of the Lua file. */
  readonly fileName: string;
  readonly code: string;
  readonly name: string;
  readonly version: string | undefined;
  /** Flags are undefined where they are not written out. */
  readonly registered: readonly { readonly name: string; readonly flags: readonly string[] | undefined }[];
  readonly bound: readonly BoundFunction[];
}

/** A TypeScript module that holds a library: its text, what it registers, and what its annotations say. */
export function moduleText({ source, fileName, code, name, version, registered, bound }: ModuleParts): string {
  const bindings = bound.map(bindingOf);
  const uses = [...new Set(bindings.flatMap((binding) => [...binding.uses]))].sort();
  const flagsOf = (flags: readonly string[] | undefined) =>
    flags === undefined ? 'undefined' : `[${flags.map((flag) => JSON.stringify(flag)).join(', ')}]`;
  return [
    `// Generated from ${source} by "redis-functions generate". Do not edit.`,
    ...(uses.length === 0 ? [] : [`import { ${uses.join(', ')} } from '@redis-functions/core';`]),
    '',
    `/** The text of ${fileName}, byte for byte. */`,
    'export const code = [',
    // one literal per line of Lua, so that a change of the Lua is as readable in a diff of the module
    ...code.split('\n').map((line) => `  ${JSON.stringify(line)},`),
    "].join('\\n');",
    '',
    '/** What the library calls itself. */',
    `export const name = ${JSON.stringify(name)};`,
    '',
    '/** Of its header. */',
    `export const version = ${JSON.stringify(version)};`,
    '',
    '/** The functions that it registers, with their flags. */',
    'export const registered = {',
    ...registered.map((each) => `  ${keyOf(each.name)}: ${flagsOf(each.flags)},`),
    '} as const;',
    '',
    '/** A function that the library has. */',
    'export type FunctionName = keyof typeof registered;',
    '',
    ...(bindings.length === 0
      ? []
      : [
          '/** What its annotations say, for `defineLibrary({ code, functions })`. */',
          'export const functions = {',
          ...bindings.flatMap(({ lines }) => lines),
          '};',
          '',
        ]),
  ].join('\n');
}

function keyOf(name: string): string {
  return /^[A-Za-z_]/.test(name) ? name : JSON.stringify(name);
}

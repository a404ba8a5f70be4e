import { basename } from 'node:path';
import type { Script } from './script.js';

export interface MigratedFunction {
  readonly name: string;
  readonly script: Script;
}

/** A library of scripts: a function each, with their text as it is. */
export function libraryText(library: string, functions: readonly MigratedFunction[]): string {
  const contracts = functions.map(({ name, script }) => `--   ${name}   from ${basename(script.file)}`);
  return [
    `#!lua name=${library}`,
    '-- @version 1.0.0',
    '--',
    '-- Scripts that were called by EVAL. Keys and arguments of each function are those of its script:',
    ...contracts,
    '',
    ...(functions.some(({ script }) => script.usesReplicateCommands)
      ? ['-- functions replicate their effects always, as scripts do since Redis 7', ...REPLICATE_COMMANDS, '']
      : []),
    ...functions.flatMap((each) => functionLines(each)),
    ...functions.map(({ name, script: { flags } }) =>
      flags.length === 0
        ? `redis.register_function('${name}', ${name})`
        : `redis.register_function{ function_name = '${name}', callback = ${name}, ` +
          `flags = { ${flags.map((flag) => `'${flag}'`).join(', ')} } }`,
    ),
    '',
  ].join('\n');
}

const REPLICATE_COMMANDS = ['local function replicate_commands()', '  return true', 'end'];

function functionLines({ name, script }: MigratedFunction): string[] {
  const { lines, continued, takesRest } = script;
  return [
    `local function ${name}(KEYS, ARGV${takesRest ? ', ...' : ''})`,
    ...lines.map((line, index) => (line === '' || continued.has(index) ? line : `  ${line}`)),
    'end',
    '',
  ];
}

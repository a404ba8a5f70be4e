import { MOST_LOCALS, mostLocals } from '../lint/limit-rules.js';
import { CliError } from '../output/cli-error.js';
import type { Declaration, LuaFunction, LuaSource } from './lua-source.js';
import { SHIM } from './shim.js';

/** What the server is to run: the library, with the same line numbers, and a call of one of its functions under it. */
export interface DebugScript {
  readonly text: string;
  /** The line of the call, which is no line of the file. */
  readonly callLine: number;
  /** The values of variables can be asked for exactly. */
  readonly isInstrumented: boolean;
}

export interface DebuggedFunction {
  readonly code: string;
  readonly name: string;
  /** As it is registered: they are in force while it is debugged, as they are in a call. */
  readonly flags: readonly string[];
}

/** More than these, and nothing is added that reads them: a margin below what Lua has room for. */
const MOST_INSTRUMENTED = 190;

export function toScript(
  { code, name, flags }: DebuggedFunction,
  source: LuaSource,
  args: number,
  instrument: boolean,
): DebugScript {
  const locals = mostLocals((source.functions[0] as LuaFunction).node);
  const isInstrumented = instrument && locals < MOST_INSTRUMENTED;
  const text = isInstrumented ? insert(code, source.declarations) : code;
  // the server's own table has no register_function in a script; it calls itself server on Valkey only
  const server = /\bserver\b/.test(code) ? " local server=rawget(_G,'server') and redis" : '';
  const needed = 1 + Number(isInstrumented) + Number(server !== '');
  if (locals + needed > MOST_LOCALS) {
    throw new CliError(
      `The file has ${locals} local variables of its own. Lua has room for ${MOST_LOCALS}, and the debugger needs ${needed} of them: put some into a table.`,
    );
  }
  const loaded = `loadstring(${quote(SHIM)},"@shim")(redis,KEYS,ARGV,${args})`;
  const shim = `local ${isInstrumented ? `__debug,redis=${loaded}` : `redis=select(2,${loaded})`}${server} `;
  const body = text.slice(text.indexOf('\n') + 1);
  const end = body.endsWith('\n') ? '' : '\n';
  const call =
    `if not redis.__functions['${name}'] then return redis.__unknown() end ` +
    // in parentheses it is no tail call, which would take the file's variables off the stack
    `return (redis.__functions['${name}'](KEYS,ARGV))`;
  const lines = `#!lua flags=${flags.join(',')}\n${shim}${body}${end}${call}`;
  return { text: lines, callLine: lines.split('\n').length, isInstrumented };
}

function insert(code: string, declarations: readonly Declaration[]): string {
  let text = code;
  for (const { of, names, at, isEntry } of [...declarations].sort((a, b) => b.at - a.at)) {
    const readers = names.map((name) => `${name}=function()return ${name} end`).join(',');
    const semicolon = /^\s*;/.test(text.slice(at)) ? '' : ';';
    text = `${text.slice(0, at)} __debug(${of.id},{${readers}}${isEntry ? ',true' : ''})${semicolon}${text.slice(at)}`;
  }
  return text;
}

function quote(text: string): string {
  return `"${text.replace(/[\\"]/g, '\\$&').replace(/\n\s*/g, ' ')}"`;
}

import luaparse from 'luaparse';
import { type LuaNode, memberOf, nameOf, nodes, walk } from '../lint/syntax-tree.js';
import { CliError } from '../output/cli-error.js';
import { commandsIn } from './sent-commands.js';

/** Something that a person has to look at. */
export interface Remark {
  /** From 1, in the script. */
  readonly line: number;
  readonly text: string;
}

/** A script, ready to be a function. */
export interface Script {
  readonly file: string;
  /** Its statements, in the text of the script but for what functions do not have. */
  readonly lines: readonly string[];
  /** Lines (from 0) that begin inside of a text or comment, where white space counts. */
  readonly continued: ReadonlySet<number>;
  readonly flags: readonly string[];
  readonly takesRest: boolean;
  readonly usesReplicateCommands: boolean;
  readonly remarks: readonly Remark[];
}

interface Span {
  readonly range: readonly [start: number, end: number];
  readonly loc: { readonly start: { readonly line: number }; readonly end: { readonly line: number } };
}

/** The flags that `#!lua flags=…` of a script may have are those of functions. */
const SHEBANG = /^#!lua([^\n]*)(?:\n|$)/;
const GONE: Readonly<Record<string, string>> = {
  breakpoint: 'Remove it, and debug with "redis-functions debug".',
  debug: 'Remove it, and debug with "redis-functions debug".',
};

/**
 * Reads a script of EVAL.
 *
 * @throws CliError with file and line for what is not Lua 5.1, or could never have run.
 */
export function readScript(file: string, text: string): Script {
  const shebang = SHEBANG.exec(text);
  if (text.startsWith('#!') && !shebang) {
    throw new CliError(`${file}:1: The first line names another language than lua. Give a script in Lua.`);
  }
  if (/\bname\s*=/.test(shebang?.[1] ?? '')) {
    throw new CliError(`${file}:1: This is a library already. Give a script as EVAL takes it.`);
  }
  // a comment in its place keeps the positions
  const code = text.replace(/^#!/, '--');
  const chunk = parse(file, code);
  const visited = walk(chunk);
  assertNoGlobals(file, visited);
  const replaced = visited.flatMap(({ node }) => (isReplicateCommands(node) ? [node as unknown as Span] : []));
  const spans = [
    ...(chunk['comments'] as Span[]),
    ...visited.flatMap(({ node }) => (node.type === 'StringLiteral' ? [node as unknown as Span] : [])),
  ];
  const continued = new Set(
    spans.flatMap(({ loc }) =>
      Array.from({ length: loc.end.line - loc.start.line }, (_, index) => loc.start.line + index),
    ),
  );
  return {
    file,
    lines: withReplaced(code, replaced).replace(/\n+$/, '').split('\n'),
    continued,
    flags: flagsOf(file, shebang?.[1] ?? '', chunk),
    takesRest: visited.some(({ node, functions }) => node.type === 'VarargLiteral' && functions.length === 0),
    usesReplicateCommands: replaced.length > 0,
    remarks: visited.flatMap(({ node }) => remarksOn(node)),
  };
}

function parse(file: string, code: string): LuaNode {
  try {
    const options = { luaVersion: '5.1', locations: true, ranges: true, scope: true, comments: true } as const;
    return luaparse.parse(code, options) as unknown as LuaNode;
  } catch (cause) {
    const [, line = '1', , reason = 'It cannot be read'] =
      /^\[(\d+):(\d+)\] (.*)$/s.exec((cause as Error).message) ?? [];
    throw new CliError(`${file}:${line}: ${reason}. luac5.1 -p shows where.`, 1, { cause });
  }
}

/** Servers have always refused it, in scripts as in functions. */
function assertNoGlobals(file: string, visited: ReturnType<typeof walk>): void {
  for (const { node } of visited) {
    const assigned = node.type === 'AssignmentStatement' ? nodes(node['variables']) : [];
    const declared = node.type === 'FunctionDeclaration' && node['isLocal'] === false ? [node['identifier']] : [];
    for (const variable of [...assigned, ...declared]) {
      const name = nameOf(variable);
      if (name === undefined || (variable as LuaNode)['isLocal'] === true) continue;
      throw new CliError(
        `${file}:${node.loc.start.line}: It sets the global "${name}", which servers refuse. Write local before it.`,
      );
    }
  }
}

function isReplicateCommands(node: LuaNode): boolean {
  return memberOf(node)?.join('.') === 'redis.replicate_commands';
}

function withReplaced(code: string, spans: readonly Span[]): string {
  let text = code;
  for (const { range } of [...spans].reverse()) {
    text = `${text.slice(0, range[0])}replicate_commands${text.slice(range[1])}`;
  }
  return text;
}

function flagsOf(file: string, given: string, chunk: LuaNode): string[] {
  const list = /(?:^|\s)flags=(\S*)/.exec(given)?.[1] ?? '';
  const flags = list.split(',').filter((flag) => flag !== '');
  const known = ['no-writes', 'allow-oom', 'allow-stale', 'no-cluster', 'allow-cross-slot-keys'];
  const unknown = flags.find((flag) => !known.includes(flag));
  if (unknown !== undefined) {
    throw new CliError(`${file}:1: There is no flag ${unknown}. Choose from ${known.join(', ')}.`);
  }
  const commands = commandsIn(chunk);
  const onlyReads = commands?.every(({ writes }) => !writes) ?? false;
  return onlyReads && !flags.includes('no-writes') ? [...flags, 'no-writes'] : flags;
}

function remarksOn(node: LuaNode): Remark[] {
  const [table, member] = memberOf(node) ?? [];
  if (table !== 'redis' && table !== 'server') return [];
  const line = node.loc.start.line;
  const remedy = GONE[member as string];
  if (remedy !== undefined) return [{ line, text: `${table}.${member} is not there in functions. ${remedy}` }];
  return [];
}

import type { LuaFunction } from './lua-source.js';
import { agrees, escapeText, type LuaValue, readValues } from './lua-value.js';
import type { DebugSession, Frame } from './session.js';

export interface Variable {
  readonly name: string;
  readonly value: LuaValue;
}

/** The commands of the server's debugger have 1,024 bytes at most, on Valkey 9 all their words together. */
const MOST_LETTERS = 600;
const NAMES_AT_ONCE = 20;
/** What the shim brings, and what a loop keeps for itself. */
const HIDDEN = /^(?:__debug|redis|server|\(.*)$/;

/** The variables of the innermost function, in the order of their declaration. */
export async function locals(session: DebugSession): Promise<Variable[]> {
  const printed = await printedLocals(session);
  const { line } = session.state as { line: number };
  const exact = await exactValues(session, session.source.functionAt(line), [...printed.keys()]);
  return [...printed].map(([name, text]) => {
    const value = exact.get(name);
    return { name, value: value && agrees(text, value) ? value : asPrinted(text) };
  });
}

/** The variables of a function that waits for another: those that can be told apart. */
export async function localsOf(session: DebugSession, frames: readonly Frame[], index: number): Promise<Variable[]> {
  const { line } = frames[index] as Frame;
  const of = session.source.functionAt(line);
  // of a function that is under way twice, nobody can say whose they are
  const isTwice = frames.filter((frame) => session.source.functionAt(frame.line) === of).length > 1;
  return isTwice ? [] : toVariables(await exactValues(session, of, session.source.visible(of, line)));
}

/** The variables that a function uses, and those around it declare. */
export async function upvalues(session: DebugSession, line: number): Promise<Variable[]> {
  const found: Variable[] = [];
  const used = session.source.upvalues(session.source.functionAt(line)).filter(({ name }) => !HIDDEN.test(name));
  for (const owner of new Set(used.map((each) => each.owner))) {
    const names = used.filter((each) => each.owner === owner).map(({ name }) => name);
    found.push(...toVariables(await exactValues(session, owner, names)));
  }
  return found.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** @returns Undefined where there is no such variable here. */
export async function variable(session: DebugSession, name: string): Promise<LuaValue | undefined> {
  const { source } = session;
  const { line } = session.state as { line: number };
  const own = (await locals(session)).find((each) => each.name === name);
  if (own) return own.value;
  const owner = source.ownerOf(source.functionAt(line), name);
  const outer = owner && (await exactValues(session, owner, [name])).get(name);
  if (outer) return outer;
  // what the server finds on the stack, as it prints it
  const [found] = await session.send(['print', name]);
  if (found?.kind !== 'value') return undefined;
  return name === 'KEYS' || name === 'ARGV' ? (await run(session, name, [])).value : asPrinted(found.text);
}

export interface Evaluated {
  readonly value: LuaValue;
  readonly isError: boolean;
}

/**
 * Runs an expression, or statements, with the variables that are to be seen at the line. They are copies: what is put
 * into a variable stays there, what is put into a table does not.
 */
export async function evaluate(session: DebugSession, text: string): Promise<Evaluated> {
  const { line } = session.state as { line: number };
  const { source } = session;
  const of = source.functionAt(line);
  const words = new Set(text.match(/[A-Za-z_]\w*/g) ?? []);
  const own = await printedLocals(session);
  const names = [...words].flatMap((name) => {
    const owner = own.has(name) ? of : source.ownerOf(of, name);
    return owner && !HIDDEN.test(name) ? [{ name, id: owner.id }] : [];
  });
  return run(session, text, names);
}

async function run(
  session: DebugSession,
  text: string,
  names: readonly { name: string; id: number }[],
): Promise<Evaluated> {
  const escaped = escapeText(text);
  for (let at = 0; at < escaped.length; ) {
    // not in the middle of an escaped letter
    const piece = /^(?:%..|\w)*/.exec(escaped.slice(at, at + MOST_LETTERS))?.[0] ?? '';
    await ask(session, `add('${piece}')`);
    at += piece.length;
  }
  const variables = names.slice(0, NAMES_AT_ONCE).flatMap(({ name, id }) => [String(id), `'${name}'`]);
  const answer = (await ask(session, `run(${variables.join(',')})`)) ?? '';
  const [value] = readValues(answer.slice(1));
  return { value: value ?? asPrinted(answer), isError: !answer.startsWith('V') };
}

/** With the last of each name: an inner one hides the outer. */
async function printedLocals(session: DebugSession): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const line of await session.send(['print'])) {
    const [, name, text] = (line.kind === 'value' && /^(\S+) = ?(.*)$/s.exec(line.text)) || [];
    if (name !== undefined && !HIDDEN.test(name)) found.set(name, text ?? '');
  }
  return found;
}

async function exactValues(
  session: DebugSession,
  of: LuaFunction,
  names: readonly string[],
): Promise<Map<string, LuaValue>> {
  const found = new Map<string, LuaValue>();
  if (!session.script.isInstrumented) return found;
  for (let at = 0; at < names.length; at += NAMES_AT_ONCE) {
    const some = names.slice(at, at + NAMES_AT_ONCE);
    const answer = await ask(session, `get(${[of.id, ...some.map((name) => `'${name}'`)].join(',')})`);
    const values = readValues(answer ?? '');
    some.forEach((name, i) => {
      const value = values[i];
      if (value) found.set(name, value);
    });
  }
  return found;
}

/** Asks the shim. Its answers hold nothing that the server would write in another way. */
async function ask(session: DebugSession, call: string): Promise<string | undefined> {
  for (const line of await session.send(['eval', `return getmetatable(KEYS).debugger.${call}`])) {
    if (line.kind === 'retval') return line.text.trim().replace(/^"|"$/g, '');
  }
  return undefined;
}

function toVariables(values: ReadonlyMap<string, LuaValue>): Variable[] {
  return [...values].map(([name, value]) => ({ name, value }));
}

function asPrinted(text: string): LuaValue {
  return { type: 'unknown', text: text.trim() };
}

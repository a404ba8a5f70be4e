import { renderValue } from '../lua-value.js';
import { type DebugSession, MOST_BREAKPOINTS } from '../session.js';
import { evaluate, locals, upvalues, variable } from '../variables.js';
import { sourceAround } from './source-view.js';

/** What can be typed. A command that moves the function on says nothing itself: where it stops is shown. */
export interface DebugCommand {
  readonly names: readonly [letter: string, word: string];
  readonly usage: string;
  readonly does: string;
  readonly moves?: boolean;
  run(session: DebugSession, rest: string): Promise<string>;
}

const move = (go: (session: DebugSession) => Promise<unknown>) => async (session: DebugSession) => {
  await go(session);
  return '';
};

export const COMMANDS: readonly DebugCommand[] = [
  {
    names: ['s', 'step'],
    usage: '',
    does: 'to the next line, into functions',
    moves: true,
    run: move((on) => on.step()),
  },
  {
    names: ['n', 'next'],
    usage: '',
    does: 'to the next line, over functions',
    moves: true,
    run: move((on) => on.next()),
  },
  {
    names: ['o', 'out'],
    usage: '',
    does: 'to where this function was called',
    moves: true,
    run: move((on) => on.out()),
  },
  {
    names: ['c', 'continue'],
    usage: '[line]',
    does: 'to the next breakpoint, to a line, or to the end',
    moves: true,
    run: continueTo,
  },
  { names: ['b', 'break'], usage: '[line | -line]', does: 'shows, sets or takes away breakpoints', run: breakAt },
  { names: ['p', 'print'], usage: '[name]', does: 'shows variables', run: print },
  {
    names: ['e', 'eval'],
    usage: 'lua',
    does: 'evaluates Lua with copies of the variables',
    run: async (session, rest) => {
      if (rest === '') return 'What? Give an expression: e #keys\n';
      const { value, isError } = await evaluate(session, rest);
      return `${isError ? '(error) ' : ''}${renderValue(value)}\n`;
    },
  },
  { names: ['r', 'redis'], usage: 'command', does: 'sends a command, within the same rolled back data', run: send },
  {
    names: ['t', 'trace'],
    usage: '',
    does: 'shows the functions that are under way',
    run: async (session) => (await session.trace()).map(({ name, line }) => `${name}, line ${line}\n`).join(''),
  },
  {
    names: ['l', 'list'],
    usage: '[line]',
    does: 'shows the file around a line',
    run: async (session, rest) => {
      const line = session.state.kind === 'stopped' ? session.state.line : 1;
      return sourceAround(session, rest === '' ? line : (toLine(rest) ?? line), 8);
    },
  },
];

async function breakAt(session: DebugSession, rest: string): Promise<string> {
  const { source, breakpoints } = session;
  if (rest === '') {
    const lines = breakpoints.map((line) => `${line}  ${source.lines[line - 1]?.trim()}\n`);
    return lines.length === 0 ? 'No breakpoints.\n' : lines.join('');
  }
  const line = toLine(rest.replace(/^-/, ''));
  if (line === undefined) return `${rest} is no line. Give a number from 1 to ${source.lines.length}.\n`;
  if (rest.startsWith('-')) {
    if (!breakpoints.includes(line)) return `There is no breakpoint at line ${line}.\n`;
    await session.setBreakpoints(breakpoints.filter((each) => each !== line));
    return `No breakpoint at line ${line} any more.\n`;
  }
  const stop = (await session.setBreakpoints([...breakpoints, line])).get(line);
  if (stop === line) return `Breakpoint at line ${line}.\n`;
  if (stop !== undefined) return `Nothing happens in line ${line}: breakpoint at line ${stop}.\n`;
  if (breakpoints.length >= MOST_BREAKPOINTS) {
    return `There are ${MOST_BREAKPOINTS} breakpoints already. Take one away: b -LINE\n`;
  }
  return `Nothing happens in line ${line} or after it. Choose another line.\n`;
}

async function continueTo(session: DebugSession, rest: string): Promise<string> {
  const line = toLine(rest);
  if (rest === '') await session.continue();
  else if (line === undefined) return `${rest} is no line.\n`;
  else {
    const before = session.breakpoints;
    await session.setBreakpoints([...before, line]);
    const { kind } = await session.continue();
    if (kind === 'stopped') await session.setBreakpoints(before);
  }
  return '';
}

async function print(session: DebugSession, name: string): Promise<string> {
  const line = session.state.kind === 'stopped' ? session.state.line : 1;
  if (name !== '') {
    const value = /^\w+$/.test(name) ? await variable(session, name) : (await evaluate(session, name)).value;
    return value ? `${name} = ${renderValue(value)}\n` : `There is no variable ${name} here. p shows those that are.\n`;
  }
  const own = await locals(session);
  const outer = (await upvalues(session, line)).filter(({ value }) => value.text !== 'function');
  const show = (variables: typeof own) =>
    variables.map((each) => `  ${each.name} = ${renderValue(each.value)}\n`).join('');
  if (own.length + outer.length === 0) return 'No variables yet.\n';
  return `${show(own)}${outer.length > 0 ? `of the functions around:\n${show(outer)}` : ''}`;
}

async function send(session: DebugSession, rest: string): Promise<string> {
  const words = (rest.match(/"(?:\\.|[^"\\])*"|'[^']*'|\S+/g) ?? []).map((word) =>
    /^["']/.test(word) ? word.slice(1, -1).replace(/\\(.)/g, '$1') : word,
  );
  if (words.length === 0) return 'Which command? Give one: r GET key\n';
  const given = words.map((word) => `"${word.replace(/["\\\n]/g, '\\$&')}"`).join(',');
  const { value, isError } = await evaluate(session, `redis.call(${given})`);
  return `${isError ? '(error) ' : ''}${renderValue(value)}\n`;
}

function toLine(text: string): number | undefined {
  return /^[1-9]\d{0,6}$/.test(text) ? Number(text) : undefined;
}

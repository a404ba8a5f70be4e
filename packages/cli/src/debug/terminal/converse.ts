import { CliError } from '../../output/cli-error.js';
import type { TerminalLines } from '../../output/terminal.js';
import type { DebugSession, Output } from '../session.js';
import { COMMANDS, type DebugCommand } from './commands.js';
import { sourceAround } from './source-view.js';

const AROUND = 2;
const REASONS = {
  entry: '',
  step: '',
  breakpoint: ', breakpoint',
  pause: ', paused',
  endless: ', stopped by the server: it has been running for long',
} as const;

export interface Conversation {
  readonly session: DebugSession;
  readonly file: string;
  readonly lines: TerminalLines;
  say(text: string): void;
}

/**
 * Talks with a person, or with a script, until the function ends.
 *
 * @returns How: by itself, or by the wish of whoever types. @throws CliError where nobody types any more.
 */
export async function converse({ session, file, lines, say }: Conversation): Promise<void> {
  session.onOutput = (output) => say(show(output));
  lines.onInterrupt((signal) => {
    if (signal === 'interrupt') session.pause();
    else void session.abort();
  });
  let again = '';
  let isNew = true;
  for (;;) {
    if (session.state.kind === 'ended') return;
    if (isNew) await showStop(session, file, say);
    const typed = await lines.next('debug> ');
    if (typed === undefined) {
      await session.abort();
      throw new CliError('The input ended before the function did: it was aborted. End the input with q, or c.');
    }
    const text = typed.trim() || again;
    const [, word = '', rest = ''] = /^(\S*)\s*(.*)$/s.exec(text) ?? [];
    if (['q', 'quit', 'a', 'abort'].includes(word)) {
      await session.abort();
      return;
    }
    const command = COMMANDS.find(({ names }) => (names as readonly string[]).includes(word));
    isNew = command?.moves === true;
    again = isNew ? text : '';
    const answer = command ? await command.run(session, rest) : help(word);
    if (answer !== '') say(answer);
  }
}

async function showStop(session: DebugSession, file: string, say: (text: string) => void): Promise<void> {
  if (session.state.kind === 'ended') return;
  const { line, reason } = session.state;
  const [frame] = await session.trace();
  say(`${file}:${line}${frame ? ` in ${frame.name}` : ''}${REASONS[reason]}\n${sourceAround(session, line, AROUND)}`);
}

function show(output: Output): string {
  if (output.kind === 'command') return `  ${output.command}  =>  ${output.reply}\n`;
  return output.kind === 'log' ? `  log ${output.text}\n` : `${output.text}\n`;
}

function help(word: string): string {
  const unknown = ['', 'h', 'help'].includes(word) ? '' : `There is no command ${word}.\n`;
  const line = ({ names, usage, does }: Pick<DebugCommand, 'names' | 'usage' | 'does'>) =>
    `  ${`${names.join(', ')} ${usage}`.trim().padEnd(26)}${does}\n`;
  const end = line({ names: ['q', 'quit'], usage: '', does: 'ends the function here' });
  return `${unknown}${COMMANDS.map(line).join('')}${end}An empty line repeats s, n, o and c.\n`;
}

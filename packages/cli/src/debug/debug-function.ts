import type { ServerAddress } from '../connection/server-address.js';
import { CliError } from '../output/cli-error.js';
import type { Report } from '../output/report.js';
import type { Terminal } from '../output/terminal.js';
import { reportOutcome } from './outcome.js';
import { type StartOptions, startSession } from './start.js';
import { readTarget } from './target.js';
import { converse } from './terminal/converse.js';

export interface DebugOptions extends Pick<StartOptions, 'keys' | 'args' | 'commit' | 'timeoutMs'> {
  readonly file: string;
  readonly functionName: string;
  /** Lines to stop at; without any, it stops at the first of the function. */
  readonly breakpoints: readonly number[];
  readonly address: ServerAddress;
}

/** Debugs a function in a terminal, to its end. */
export async function debugFunction(
  options: DebugOptions,
  terminal: Terminal,
  say: (text: string) => void,
): Promise<Report> {
  const { file, functionName, breakpoints, commit } = options;
  const library = await readTarget(file, functionName);
  const session = await startSession({ ...options, library });
  session.onOutput = (output) => output.kind === 'command' || say(`${output.text}\n`);
  const lines = terminal.lines();
  try {
    const stops = await session.setBreakpoints(breakpoints);
    for (const line of breakpoints) {
      if (!stops.has(line)) throw new CliError(`Nothing happens in line ${line} or after it. Choose another --break.`);
    }
    const { kind } = await session.enter();
    const isThere = session.state.kind === 'stopped' && session.breakpoints.includes(session.state.line);
    if (kind === 'stopped' && breakpoints.length > 0 && !isThere) await session.continue();
    await converse({ session, file, lines, say });
    return reportOutcome(session, { file, functionName: library.name, commit });
  } finally {
    await session.abort();
    session.close();
    lines.close();
  }
}

import type { RedisFunctions, RedisFunctionsOptions } from '@redis-functions/core';
import { Command } from 'commander';
import { type ConnectionOptions, withConnection } from '../connection/options.js';
import { CliError } from '../output/cli-error.js';
import { printReport, type Report } from '../output/report.js';
import type { Terminal } from '../output/terminal.js';
import { confirmed } from './confirmed.js';

interface Common extends ConnectionOptions {
  readonly json?: boolean;
  readonly yes?: boolean;
}

/** What an action is given. */
export interface Action<Options> {
  readonly options: Options & Common;
  readonly terminal: Terminal;
  /** Connects, and closes whatever happens. */
  connect<T>(work: (functions: RedisFunctions) => Promise<T>, more?: Partial<RedisFunctionsOptions>): Promise<T>;
  /**
   * Asks before what cannot be undone; `--yes` answers.
   *
   * @throws CliError where the person says no, or cannot be asked.
   */
  confirm(question: string): Promise<void>;
  /** Tells a person that waits what goes on; programs are not told. */
  progress(line: string): void;
}

/** The work of a command: its arguments, then what it is given. */
export type Work<Options> = (args: readonly string[][], action: Action<Options>) => Promise<Report>;

/** A command that talks to a server. `example` is shown by `--help`. */
export function serverCommand<Options extends object>(
  terminal: Terminal,
  name: string,
  summary: string,
  example: string,
  work: Work<Options>,
): Command {
  const command = withConnection(new Command(name).description(summary))
    .option('--json', 'print the result for programs')
    .addHelpText('after', `\nExample:\n  $ redis-functions ${example}`);
  return command.action(async (...given: unknown[]) => {
    const options = command.opts<Options & Common>();
    const args = given.slice(0, command.registeredArguments.length).map((value) => [value ?? []].flat() as string[]);
    const report = await work(args, {
      options,
      terminal,
      // what talks to servers is loaded when there is one to talk to: help comes at once
      connect: async (use, more) => {
        const { connected } = await import('../connection/connected.js');
        return connected(options, terminal, use, more);
      },
      confirm: (question) => confirmed(question, options.yes === true, terminal),
      progress: (line) => terminal.isInteractive && terminal.err(`${line}\n`),
    });
    printReport(report, options.json === true, terminal);
    if (report.failed) throw new CliError('', 1);
  });
}

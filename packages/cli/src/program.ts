import { Command, CommanderError } from 'commander';
import { aclCommand } from './commands/acl.js';
import { bundleCommand } from './commands/bundle.js';
import { callCommand } from './commands/call.js';
import { debugCommand } from './commands/debug.js';
import { deployCommand, planCommand, verifyCommand } from './commands/deploy.js';
import { diffCommand } from './commands/diff.js';
import { doctorCommand } from './commands/doctor.js';
import { dumpCommand, restoreCommand } from './commands/dump.js';
import { generateCommand } from './commands/generate.js';
import { initCommand } from './commands/init.js';
import { lintCommand } from './commands/lint.js';
import { listCommand, showCommand } from './commands/list.js';
import { migrateCommand } from './commands/migrate.js';
import { newCommand } from './commands/new.js';
import { pruneCommand } from './commands/prune.js';
import { deleteCommand } from './commands/remove.js';
import { killCommand, statsCommand } from './commands/running.js';
import { testCommand } from './commands/test.js';
import { CliError } from './output/cli-error.js';
import { redact } from './output/redact.js';
import type { Terminal } from './output/terminal.js';
import { VERSION } from './version.js';

/** All commands, in the order of `--help`. */
export const COMMANDS = [
  initCommand,
  newCommand,
  lintCommand,
  generateCommand,
  migrateCommand,
  testCommand,
  planCommand,
  deployCommand,
  verifyCommand,
  diffCommand,
  listCommand,
  showCommand,
  callCommand,
  debugCommand,
  deleteCommand,
  statsCommand,
  killCommand,
  dumpCommand,
  restoreCommand,
  bundleCommand,
  aclCommand,
  doctorCommand,
  pruneCommand,
] as const;

/** @returns The exit code: 0 done, 1 refused or failed, 2 given wrongly. */
export async function run(argv: readonly string[], terminal: Terminal): Promise<number> {
  const program = new Command('redis-functions')
    .description('Redis Functions: deploy, compare, call and look after libraries')
    .version(VERSION)
    .showHelpAfterError('(--help shows how it is used)');
  for (const make of COMMANDS) program.addCommand(make(terminal));
  for (const command of [program, ...program.commands]) {
    command.exitOverride().configureOutput({
      writeOut: terminal.out,
      // what was given is repeated where it is wrong
      writeErr: (text) => terminal.err(redact(text)),
    });
  }
  try {
    await program.parseAsync(argv, { from: 'user' });
    return 0;
  } catch (error) {
    // help and version are no errors; what is wrong with the arguments has been said already
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    const { errorLine } = await import('./output/error-line.js');
    const line = errorLine(error);
    if (line !== '') terminal.err(`${line}\n`);
    return error instanceof CliError ? error.exitCode : 1;
  }
}

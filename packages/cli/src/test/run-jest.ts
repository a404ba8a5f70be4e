import { type ChildProcess, spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { CliError } from '../output/cli-error.js';
import { type EndSignal, takeSignals } from '../output/signals.js';
import type { Terminal } from '../output/terminal.js';

/** Of what is told to end, jest gets this long to end in order. */
const PATIENCE_MS = 10_000;

export interface JestRun {
  /** Its folder, absolute. */
  readonly project: string;
  readonly jestArguments: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** The standard output is for something else. */
  readonly isQuiet: boolean;
}

/** @throws CliError where the project has no jest. */
export function findJest(project: string): string {
  try {
    return createRequire(join(project, 'package.json')).resolve('jest/bin/jest');
  } catch (cause) {
    throw new CliError(`There is no jest in ${project}. Install it: npm install --save-dev jest`, 1, { cause });
  }
}

/**
 * Runs jest as a process of its own, since native ESM needs a flag of Node.
 *
 * @returns Its exit code.
 * @throws CliError when somebody ends this command: jest, its workers and their servers have ended by then.
 */
export async function runJest(jest: string, run: JestRun, terminal: Terminal): Promise<number> {
  const isShared = terminal.isInteractive && !run.isQuiet;
  const node = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', jest, ...run.jestArguments];
  const child = spawn(process.execPath, node, {
    cwd: run.project,
    env: run.env,
    stdio: isShared ? 'inherit' : ['ignore', 'pipe', 'pipe'],
    // a group that can be ended as a whole; with a terminal it must stay in the group that reads from it
    detached: !isShared,
  });
  child.stdout?.setEncoding('utf8').on('data', run.isQuiet ? terminal.err : terminal.out);
  child.stderr?.setEncoding('utf8').on('data', terminal.err);
  let interrupted: EndSignal | undefined;
  const giveBack = takeSignals((signal) => {
    interrupted ??= signal;
    endAll(child, signal, !isShared);
    setTimeout(endAll, PATIENCE_MS, child, 'SIGKILL', !isShared).unref();
  });
  try {
    const code = await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (exitCode) => resolve(exitCode ?? 1));
    });
    if (interrupted) throw new CliError(`Interrupted: the specs and their servers have ended. Run it again.`);
    return code;
  } finally {
    giveBack();
  }
}

function endAll(child: ChildProcess, signal: NodeJS.Signals, isGroup: boolean): void {
  const { pid } = child;
  if (pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(isGroup ? -pid : pid, signal);
  } catch {
    // it ended by itself in the meantime
  }
}

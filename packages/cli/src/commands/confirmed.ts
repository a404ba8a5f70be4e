import { CliError } from '../output/cli-error.js';
import type { Terminal } from '../output/terminal.js';

/**
 * Asks before what cannot be undone; `--yes` answers.
 *
 * @throws CliError where the person says no, or cannot be asked.
 */
export async function confirmed(question: string, yes: boolean, terminal: Terminal): Promise<void> {
  if (yes) return;
  if (!terminal.isInteractive) {
    throw new CliError(`${question} Nobody can be asked here: nothing was done. Add --yes if it is meant.`);
  }
  if (!(await terminal.confirm(question))) throw new CliError('Nothing was done.');
}

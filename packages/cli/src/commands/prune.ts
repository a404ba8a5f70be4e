import type { PruneOutcome } from '@redis-functions/core';
import type { Command } from 'commander';
import { CliError } from '../output/cli-error.js';
import type { Report } from '../output/report.js';
import { table } from '../output/table.js';
import type { Terminal } from '../output/terminal.js';
import { serverCommand } from './command.js';

export function pruneCommand(terminal: Terminal): Command {
  return serverCommand<{ unusedFor: string }>(
    terminal,
    'prune',
    'Removes older major versions of side-by-side libraries that nobody has called for a while',
    'prune lua/cart.lua --unused-for 14d',
    async ([paths = []], { options, connect, confirm }) => {
      const { readLibraries } = await import('../libraries/read-libraries.js');
      const unusedForMs = await toMilliseconds(options.unusedFor);
      const libraries = (await readLibraries(paths, { sideBySide: true })).map(({ library }) => library);
      return connect(
        async (functions) => {
          const planned = await functions.prune({ unusedForMs, dryRun: true });
          const unused = [...new Set(planned.filter(isDeleted).map(({ library }) => library))].sort();
          if (unused.length > 0) await confirm(`Delete ${unused.join(', ')} from every primary?`);
          // asked for all the same: what nobody has been seen calling is watched from now on
          return report(await functions.prune({ unusedForMs }));
        },
        { libraries },
      );
    },
  )
    .argument('<path...>', 'the current libraries: files, folders of them, or bundles')
    .option('--unused-for <time>', 'for how long nobody may have called a version, such as 14d or 12h', '7d')
    .option('--yes', 'do not ask');
}

async function toMilliseconds(text: string): Promise<number> {
  const { parseDuration } = await import('@redis-functions/core');
  try {
    return parseDuration('--unused-for', text);
  } catch (cause) {
    throw new CliError((cause as Error).message, 2, { cause });
  }
}

function isDeleted({ action }: PruneOutcome): boolean {
  return action === 'deleted';
}

function report(outcomes: readonly PruneOutcome[]): Report {
  const rows = outcomes.map(({ library, action, lastUsed, node }) => [
    library,
    action,
    lastUsed?.toISOString() ?? 'not seen so far',
    node,
  ]);
  const text = rows.length === 0 ? 'No older versions.\n' : table(['LIBRARY', 'ACTION', 'LAST CALLED', 'NODE'], rows);
  return { json: outcomes, text };
}

import type { Command } from 'commander';
import { table } from '../output/table.js';
import type { Terminal } from '../output/terminal.js';
import { serverCommand } from './command.js';

export function statsCommand(terminal: Terminal): Command {
  return serverCommand(
    terminal,
    'stats',
    'Shows how many libraries and functions each primary has, and what keeps it busy',
    'stats --cluster',
    async (_args, { connect }) => {
      const stats = await connect((functions) => functions.stats());
      const rows = stats.map(({ node, libraries, functions, running }) => [
        node,
        String(libraries),
        String(functions),
        running === null ? '-' : `${running.name} for ${running.durationMs} ms`,
      ]);
      return { json: stats, text: table(['NODE', 'LIBRARIES', 'FUNCTIONS', 'RUNNING'], rows) };
    },
  );
}

export function killCommand(terminal: Terminal): Command {
  return serverCommand(
    terminal,
    'kill',
    'Ends the function or script that keeps a primary busy, if it has written nothing yet',
    'kill --yes',
    async (_args, { connect, confirm }) => {
      await confirm('End what is running on every primary?');
      const killed = await connect((functions) => functions.kill());
      const text = killed.length === 0 ? 'Nothing was running.\n' : `Ended on ${killed.join(', ')}.\n`;
      return { json: { killed }, text };
    },
  ).option('--yes', 'do not ask');
}

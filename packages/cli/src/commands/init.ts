import { Command } from 'commander';
import { assertName } from '../new/name.js';
import { printReport } from '../output/report.js';
import { table } from '../output/table.js';
import type { Terminal } from '../output/terminal.js';

export function initCommand(terminal: Terminal): Command {
  const command = new Command('init')
    .description('Sets a project up: a library to begin with, Jest with a real server, scripts; overwrites nothing')
    .argument('[name]', 'of the library, where the project has none: small letters, digits and _', 'counter')
    .option('--dir <folder>', 'the project, with its package.json', '.')
    .option('--dry-run', 'say what would be done, and do nothing')
    .option('--json', 'print the result for programs')
    .addHelpText('after', '\nExample:\n  $ redis-functions init inventory --dry-run');
  return command.action(async (name: string) => {
    assertName(name);
    const { dir, dryRun, json } = command.opts<{ dir: string; dryRun?: boolean; json?: boolean }>();
    const { planSetup, setUp } = await import('../init/set-up.js');
    const plan = await planSetup(dir, name);
    if (!dryRun) await setUp(plan);
    const { steps, next } = plan;
    const rows = steps.map(({ action, file, detail }) => [
      dryRun && action !== 'keep' ? `would ${action}` : action,
      file,
      detail,
    ]);
    const toDo = next.map((line, index) => `${index + 1}. ${line}\n`).join('');
    printReport(
      {
        json: { dryRun: dryRun === true, steps, next },
        text: `${table(['', 'FILE', ''], rows)}\nNext:\n${toDo}`,
      },
      json === true,
      terminal,
    );
  });
}

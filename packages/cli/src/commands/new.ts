import { Command } from 'commander';
import { assertName } from '../new/name.js';
import { printReport } from '../output/report.js';
import type { Terminal } from '../output/terminal.js';

export function newCommand(terminal: Terminal): Command {
  const command = new Command('new')
    .description('Writes a library to begin with: its Lua, its typed binding and a test')
    .argument('<name>', 'small letters, digits and _')
    .option('--dir <folder>', 'where to', '.')
    .option('--json', 'print the result for programs')
    .addHelpText('after', '\nExample:\n  $ redis-functions new inventory');
  return command.action(async (name: string) => {
    assertName(name);
    const { dir, json } = command.opts<{ dir: string; json?: boolean }>();
    const { planNew, writeFiles } = await import('../new/write-new.js');
    const { runnerOf } = await import('../new/project.js');
    const planned = await planNew(dir, name, await runnerOf(dir));
    await writeFiles(planned);
    const files = planned.map(({ file }) => file);
    printReport({ json: { files }, text: files.map((file) => `${file}\n`).join('') }, json === true, terminal);
  });
}

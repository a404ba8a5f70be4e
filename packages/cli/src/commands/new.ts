import { Command } from 'commander';
import { CliError } from '../output/cli-error.js';
import { printReport } from '../output/report.js';
import type { Terminal } from '../output/terminal.js';

/** Of libraries, and of variables in TypeScript. */
const NAME = /^[a-z][a-z0-9]*(?:_[a-z0-9]+)*$/;

export function newCommand(terminal: Terminal): Command {
  const command = new Command('new')
    .description('Writes a library to begin with: its Lua, its typed binding and a test')
    .argument('<name>', 'small letters, digits and _')
    .option('--dir <folder>', 'where to', '.')
    .option('--json', 'print the result for programs')
    .addHelpText('after', '\nExample:\n  $ redis-functions new inventory');
  return command.action(async (name: string) => {
    if (!NAME.test(name))
      throw new CliError(`${name} is no name. Begin with a letter; small letters, digits and _.`, 2);
    const { dir, json } = command.opts<{ dir: string; json?: boolean }>();
    const { writeNew } = await import('../new/write-new.js');
    const files = await writeNew(dir, name);
    printReport({ json: { files }, text: files.map((file) => `${file}\n`).join('') }, json === true, terminal);
  });
}

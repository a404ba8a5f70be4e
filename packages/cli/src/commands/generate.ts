import { Command } from 'commander';
import { CliError } from '../output/cli-error.js';
import { printReport } from '../output/report.js';
import type { Terminal } from '../output/terminal.js';

export function generateCommand(terminal: Terminal): Command {
  const command = new Command('generate')
    .description(
      'Writes a typed TypeScript module for each library: its text, functions, flags, and what annotations say',
    )
    .argument('[path...]', 'library files, or folders of them', ['lua'])
    .option('--out <folder>', 'where the modules go (default: src/generated beside the folder of the library)')
    .option('--check', 'write nothing; exit code 1 where a module is not current')
    .option('--json', 'print the result for programs')
    .addHelpText('after', '\nExample:\n  $ redis-functions generate lua/ --check');
  return command.action(async (paths: readonly string[]) => {
    const { out, check = false, json } = command.opts<{ out?: string; check?: boolean; json?: boolean }>();
    const { modulesOf, writeModules } = await import('../generate/generate.js');
    const modules = await modulesOf(paths, out);
    const stale = modules.filter(({ isCurrent }) => !isCurrent);
    if (!check) await writeModules(stale);
    const word = check ? 'not current' : 'written';
    printReport(
      {
        json: modules.map(({ source, file, isCurrent }) => ({ source, file, action: isCurrent ? 'unchanged' : word })),
        text: modules.map(({ file, isCurrent }) => `${file}: ${isCurrent ? 'current' : word}\n`).join(''),
      },
      json === true,
      terminal,
    );
    if (check && stale.length > 0) {
      throw new CliError(`Run "redis-functions generate ${paths.join(' ')}", and commit what it writes.`);
    }
  });
}

import { join } from 'node:path';
import { Command } from 'commander';
import { CliError } from '../output/cli-error.js';
import { printReport } from '../output/report.js';
import type { Terminal } from '../output/terminal.js';
import { confirmed } from './confirmed.js';

interface MigrateCommandOptions {
  readonly name: string;
  readonly function?: string;
  readonly out?: string;
  readonly search: readonly string[];
  readonly yes?: boolean;
  readonly json?: boolean;
}

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

export function migrateCommand(terminal: Terminal): Command {
  const command = new Command('migrate')
    .description(
      'Makes a library of EVAL scripts, a function each with the same results, and lists the calls to change',
    )
    .argument('<script...>', 'Lua files as EVAL takes them, or folders of them')
    .requiredOption('--name <library>', 'what the library is called')
    .option('--function <name>', 'what the one function is called (default: the library and the file)')
    .option('--out <file>', 'where the library goes (default: lua/NAME.lua)')
    .option('--search <folder...>', 'sources that call the scripts', [])
    .option('--yes', 'write over a file that is there')
    .option('--json', 'print the result for programs')
    .addHelpText('after', '\nExample:\n  $ redis-functions migrate scripts/ --name shop --search src/');
  return command.action(async (paths: readonly string[]) => {
    const options = command.opts<MigrateCommandOptions>();
    for (const name of [options.name, options.function ?? options.name]) {
      if (!NAME.test(name)) throw new CliError(`${name} is no name. Begin with a letter; letters, digits and _.`, 2);
    }
    const { planMigration, writeMigration } = await import('../migrate/migrate.js');
    const out = options.out ?? join('lua', `${options.name}.lua`);
    const plan = await planMigration(paths, {
      library: options.name,
      functionName: options.function,
      out,
      search: options.search,
    });
    if (plan.exists) await confirmed(`Write over ${out}?`, options.yes === true, terminal);
    await writeMigration(plan);
    const { functions, callSites, findings } = plan;
    const remarks = functions.flatMap(({ script: { file, remarks: said } }) => said.map((one) => ({ file, ...one })));
    const lines = [
      `${out}: ${functions.map(({ name }) => name).join(', ')}`,
      ...remarks.map(({ file, line, text }) => `${file}:${line}: ${text}`),
      ...findings.map(({ line, column, code, message }) => `${out}:${line}:${column}: ${message} (${code})`),
      ...callSites.map(({ file, line, text, write }) => `${file}:${line}: ${text}\n    → ${write}`),
      `Next: redis-functions lint ${out} && redis-functions deploy ${out}`,
    ];
    printReport(
      {
        json: {
          file: out,
          library: options.name,
          functions: functions.map(({ name, script: { file, flags } }) => ({ name, script: file, flags })),
          remarks,
          findings,
          callSites,
        },
        text: `${lines.join('\n')}\n`,
      },
      options.json === true,
      terminal,
    );
  });
}

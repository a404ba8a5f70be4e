import { Command, InvalidArgumentError, Option } from 'commander';
import { CliError } from '../output/cli-error.js';
import { printReport } from '../output/report.js';
import type { Terminal } from '../output/terminal.js';

interface TestOptions {
  readonly server?: string;
  readonly coverage?: boolean;
  readonly lines?: number;
  readonly lcov?: string;
  readonly lua: readonly string[];
  readonly dir: string;
  readonly json?: boolean;
}

export function testCommand(terminal: Terminal): Command {
  const command = new Command('test')
    .description("Runs a project's Jest specs on real servers of their own, with the line coverage of its Lua")
    .argument(
      '[jest...]',
      'what is for jest: files, -t, --runInBand; after -- what redis-functions would take for its own',
    )
    .option(
      '--server <server>',
      'redis-8.0, valkey, a path, or all: one after the other (default: the first one found)',
    )
    .option('--coverage', 'count the lines of Lua that the specs run')
    .addOption(new Option('--lines <percent>', 'exit code 1 where fewer lines are run').argParser(toPercent))
    .option('--lcov <folder>', 'write lcov.info and coverage-final.json there')
    .option('--lua <path>', 'libraries to report on (default: lua/, else every one of the project)', collect, [])
    .option('--dir <folder>', 'the project', '.')
    .option('--json', 'print the result for programs')
    .allowUnknownOption()
    .addHelpText('after', '\nExample:\n  $ redis-functions test --server all --coverage --lines 90');
  return command.action(async (jestArguments: readonly string[]) => {
    const options = command.opts<TestOptions>();
    const { runSpecs } = await import('../test/run-specs.js');
    const { coverage, lines, lcov, lua, dir, json, server } = options;
    const report = await runSpecs(terminal, {
      project: dir,
      server,
      jestArguments,
      // without a terminal of one's own, jest's words go where they do not mix with the result
      isQuiet: json === true,
      coverage: coverage || lines !== undefined || lcov !== undefined ? { lines: lines ?? 0, lcov, lua } : undefined,
    });
    printReport(report, json === true, terminal);
    if (report.failed) throw new CliError('');
  });
}

const collect = (value: string, before: readonly string[]) => [...before, value];

function toPercent(text: string): number {
  if (/^(?:100|\d{1,2}(?:\.\d+)?)$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Give a percentage, from 0 to 100.');
}

import type { DeployOutcome } from '@redis-functions/core';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Report } from '../output/report.js';
import { table } from '../output/table.js';
import type { Terminal } from '../output/terminal.js';
import { serverCommand } from './command.js';

interface DeployOptions {
  readonly force?: boolean;
  readonly replicas: number;
}

export function deployCommand(terminal: Terminal): Command {
  return serverCommand<DeployOptions>(
    terminal,
    'deploy',
    'Brings libraries to every primary: never a downgrade, never over other code of the same version',
    'deploy lua/ --url redis://localhost:6379',
    async ([paths = []], { options, connect, confirm, progress }) => {
      const libraries = await librariesIn(paths);
      if (options.force)
        await confirm(`Replace what is on the server by ${paths.join(', ')}, newer versions included?`);
      const settings = { force: options.force === true, replicas: options.replicas };
      progress(
        `Bringing ${libraries.length} libraries to every primary` +
          `${options.replicas > 0 ? `, and waiting for ${options.replicas} replicas of each` : ''} …`,
      );
      return report(await connect((functions) => functions.deploy(settings), { libraries }));
    },
  )
    .argument('<path...>', 'library files, folders of them, or bundles')
    .option('--force', 'also over newer versions, other code of the same version, and functions that would be gone')
    .addOption(
      new Option('--replicas <count>', 'wait until so many replicas of each primary have them')
        .default(0)
        .argParser(toCount),
    )
    .option('--yes', 'do not ask');
}

export function planCommand(terminal: Terminal): Command {
  return serverCommand<Omit<DeployOptions, 'replicas'>>(
    terminal,
    'plan',
    'Says what deploy would do, and does nothing',
    'plan lua/ --json',
    async ([paths = []], { options, connect }) => {
      const libraries = await librariesIn(paths);
      const settings = { force: options.force === true };
      return report(await connect((functions) => functions.plan(settings), { libraries }));
    },
  )
    .argument('<path...>', 'library files, folders of them, or bundles')
    .option('--force', 'as deploy --force would');
}

export function verifyCommand(terminal: Terminal): Command {
  return serverCommand(
    terminal,
    'verify',
    'Checks that every primary has these libraries, in this version or a newer one',
    'verify lua/ --cluster',
    async ([paths = []], { connect }) => {
      const libraries = await librariesIn(paths);
      await connect((functions) => functions.verify(), { libraries });
      const names = libraries.map(({ name, version }) => ({ library: name, version: version ?? null }));
      return { json: { verified: names }, text: `${names.map(({ library }) => library).join(', ')}: there.\n` };
    },
  ).argument('<path...>', 'library files, folders of them, or bundles');
}

function toCount(text: string): number {
  if (/^\d{1,4}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Give a whole number from 0.');
}

async function librariesIn(paths: readonly string[]) {
  const { readLibraries } = await import('../libraries/read-libraries.js');
  return (await readLibraries(paths)).map(({ library }) => library);
}

function report(outcomes: readonly DeployOutcome[]): Report {
  const rows = outcomes.map(({ node, library, action, version }) => [library, version ?? '-', action, node]);
  return {
    json: outcomes.map(({ version, ...outcome }) => ({ ...outcome, version: version ?? null })),
    text: table(['LIBRARY', 'VERSION', 'ACTION', 'NODE'], rows),
  };
}

import { readFile, rename, writeFile } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import { CliError } from '../output/cli-error.js';
import type { Terminal } from '../output/terminal.js';
import { serverCommand } from './command.js';

type Policy = 'append' | 'replace' | 'flush';

const QUESTIONS: Readonly<Record<Exclude<Policy, 'append'>, string>> = {
  replace: 'Replace the libraries that the payload has as well?',
  flush: 'Remove every library, those of others included, before those of the payload are loaded?',
};

export function dumpCommand(terminal: Terminal): Command {
  return serverCommand(
    terminal,
    'dump',
    'Writes all libraries of a server to a file, for restore on the same or a newer server',
    'dump functions.bin',
    async ([[file = ''] = []], { connect }) => {
      const payload = await connect((functions) => functions.dump());
      // whoever stops this half way is not left with half a file
      await writeFile(`${file}.part`, payload);
      await rename(`${file}.part`, file);
      return { json: { file, bytes: payload.length }, text: `${file}: ${payload.length} bytes.\n` };
    },
  ).argument('<file>', 'where to');
}

export function restoreCommand(terminal: Terminal): Command {
  return serverCommand<{ policy: Policy }>(
    terminal,
    'restore',
    'Loads a payload of dump on every primary, all or nothing on each',
    'restore functions.bin --policy replace',
    async ([[file = ''] = []], { options, connect, confirm }) => {
      const payload = await readFile(file).catch((cause: NodeJS.ErrnoException) => {
        throw new CliError(`${file} cannot be read (${cause.code}). Give a file that dump has written.`, 1, { cause });
      });
      if (options.policy !== 'append') await confirm(QUESTIONS[options.policy]);
      await connect((functions) => functions.restore(payload, options.policy));
      return { json: { restored: file, policy: options.policy }, text: `${file} is restored.\n` };
    },
  )
    .argument('<file>', 'that dump has written')
    .addOption(
      new Option('--policy <policy>', 'what happens to libraries that are there')
        .choices(['append', 'replace', 'flush'])
        .default('append'),
    )
    .option('--yes', 'do not ask');
}

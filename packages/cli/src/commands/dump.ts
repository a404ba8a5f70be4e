import { type Command, Option } from 'commander';
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
    'Writes all libraries of a server to a file, for restore on any server',
    'dump functions.bin',
    async ([[file = ''] = []], { connect }) => {
      const payload = await connect((functions) => functions.dump());
      const { writeWhole } = await import('../output/write-file.js');
      await writeWhole(file, payload);
      return { json: { file, bytes: payload.length }, text: `${file}: ${payload.length} bytes.\n` };
    },
  ).argument('<file>', 'where to');
}

export function restoreCommand(terminal: Terminal): Command {
  return serverCommand<{ policy: Policy }>(
    terminal,
    'restore',
    'Loads a bundle, or what dump has written, on every primary: in one step on each, or not at all',
    'restore release.rfb --policy replace',
    async ([[file = ''] = []], { options, connect, confirm, progress }) => {
      const { readPayloadFile } = await import('../libraries/read-payload-file.js');
      const { bytes, codes } = await readPayloadFile(file);
      if (options.policy !== 'append') await confirm(QUESTIONS[options.policy]);
      progress(`Restoring ${codes.length} libraries on every primary …`);
      const nodes = await connect((functions) => functions.restore(bytes, options.policy));
      return {
        json: { restored: file, policy: options.policy, libraries: codes.length, nodes },
        text: `${file} is restored on ${nodes.join(', ')}: ${codes.length} libraries.\n`,
      };
    },
  )
    .argument('<file>', 'that bundle or dump has written')
    .addOption(
      new Option('--policy <policy>', 'what happens to libraries that are there')
        .choices(['append', 'replace', 'flush'])
        .default('append'),
    )
    .option('--yes', 'do not ask');
}

import type { DeployedLibrary } from '@redis-functions/core';
import type { Command } from 'commander';
import { CliError } from '../output/cli-error.js';
import { table } from '../output/table.js';
import type { Terminal } from '../output/terminal.js';
import { type Action, serverCommand } from './command.js';
import { FILE_OPTION, type FileOption } from './file-option.js';

export function listCommand(terminal: Terminal): Command {
  return serverCommand<FileOption>(
    terminal,
    'list',
    'Lists the libraries of all primaries, and where they differ; or those of a bundle',
    'list --cluster --url redis://10.0.0.1:6379',
    async (_args, action) => {
      const libraries = await look(action);
      if (libraries.length === 0) return { json: [], text: 'No libraries.\n' };
      const rows = libraries.map(({ name, version, functions, nodes, differsOn }) => [
        name,
        version ?? '-',
        String(functions.length),
        nodes.join(' '),
        differsOn.length === 0 ? '' : `not on ${differsOn.join(' ')}`,
      ]);
      return {
        json: libraries.map(toJson),
        text: table(['LIBRARY', 'VERSION', 'FUNCTIONS', 'NODES', ''], rows),
      };
    },
  ).option(...FILE_OPTION);
}

export function showCommand(terminal: Terminal): Command {
  return serverCommand<FileOption & { code?: boolean }>(
    terminal,
    'show',
    'Shows a library: its functions and their flags, on which servers it is, and its code with --code',
    'show cart --code',
    async ([[name = ''] = []], action) => {
      const { options } = action;
      const libraries = (await look(action)).filter((library) => library.name === name);
      if (libraries.length === 0) {
        const where = options.file === undefined ? 'on any server' : `in ${options.file}`;
        throw new CliError(`There is no library ${name} ${where}. redis-functions list shows those that are there.`);
      }
      return {
        json: libraries.map((library) => ({ ...toJson(library), ...(options.code && { code: library.code }) })),
        text: libraries.map((library) => describe(library, options.code === true)).join('\n'),
      };
    },
  )
    .argument('<library>', 'its name')
    .option('--code', 'with its code')
    .option(...FILE_OPTION);
}

async function look({ options: { file }, connect }: Action<FileOption>): Promise<DeployedLibrary[]> {
  if (file === undefined) return connect((functions) => functions.list({ withCode: true }));
  const { librariesInFile } = await import('../libraries/libraries-in-file.js');
  return librariesInFile(file);
}

function toJson({ name, version, hash, functions, nodes, differsOn }: DeployedLibrary) {
  return { name, version: version ?? null, hash, functions, nodes, differsOn };
}

function describe(
  { name, version, hash, functions, nodes, differsOn, code }: DeployedLibrary,
  withCode: boolean,
): string {
  const head = [
    `${name} ${version ?? '(no version)'}  sha256 ${hash.slice(0, 12)}`,
    `on ${nodes.join(' ')}${differsOn.length === 0 ? '' : `; other or none on ${differsOn.join(' ')}`}`,
  ];
  const rows = functions.map((of) => [of.name, of.flags.join(' '), of.description ?? '']);
  return `${head.join('\n')}\n\n${table(['FUNCTION', 'FLAGS', 'DESCRIPTION'], rows)}${withCode ? `\n${code}\n` : ''}`;
}

import type { Command } from 'commander';
import type { Terminal } from '../output/terminal.js';
import { serverCommand } from './command.js';
import { FILE_OPTION, type FileOption } from './file-option.js';

interface Difference {
  readonly library: string;
  readonly file: string;
  readonly node: string;
  /** Unified; null where the server has none of that name. */
  readonly patch: string | null;
}

export function diffCommand(terminal: Terminal): Command {
  return serverCommand<FileOption>(
    terminal,
    'diff',
    'Compares files with what each primary, or a bundle, has; exit code 1 where they differ',
    'diff lua/ --file release.rfb',
    async ([paths = []], { options, connect }) => {
      const { createTwoFilesPatch } = await import('diff');
      const { readLibraries } = await import('../libraries/read-libraries.js');
      const files = await readLibraries(paths);
      const { librariesInFile } = await import('../libraries/libraries-in-file.js');
      const deployed =
        options.file === undefined
          ? await connect((functions) => functions.list({ withCode: true }))
          : await librariesInFile(options.file);
      const nodes = [...new Set(deployed.flatMap((library) => [...library.nodes, ...library.differsOn]))].sort();
      const differences: Difference[] = [];
      for (const { file, library } of files) {
        for (const node of nodes.length === 0 ? ['the server'] : nodes) {
          const there = deployed.find(({ name, nodes: on }) => name === library.name && on.includes(node));
          if (there?.code === library.code) continue;
          const patch = there ? createTwoFilesPatch(node, file, `${there.code}\n`, `${library.code}\n`, '', '') : null;
          differences.push({ library: library.name, file, node, patch });
        }
      }
      return { json: differences, text: differences.map(describe).join('\n'), failed: differences.length > 0 };
    },
  )
    .argument('<path...>', 'library files, folders of them, or bundles')
    .option(...FILE_OPTION);
}

function describe({ library, file, node, patch }: Difference): string {
  if (patch === null) return `${node} has no library ${library} (${file}).\n`;
  // the line of '=' that patches of version control begin with says nothing here
  return patch.replace(/^=+\n/, '');
}

import { Command } from 'commander';
import { CliError } from '../output/cli-error.js';
import { printReport } from '../output/report.js';
import { table } from '../output/table.js';
import type { Terminal } from '../output/terminal.js';

interface BundleOptions {
  readonly out: string;
  readonly json?: boolean;
}

export function bundleCommand(terminal: Terminal): Command {
  const command = new Command('bundle')
    .description('Puts libraries into one file, for deploy and restore in one step on any server; no server is asked')
    .argument('<path...>', 'library files, folders of them, or other bundles')
    .requiredOption('--out <file>', 'where to')
    .option('--json', 'print the result for programs')
    .addHelpText('after', '\nExample:\n  $ redis-functions bundle lua/ --out release.rfb');
  return command.action(async (paths: readonly string[]) => {
    const { out, json } = command.opts<BundleOptions>();
    const { writePayload } = await import('@redis-functions/core');
    const { readLibraries } = await import('../libraries/read-libraries.js');
    const { writeWhole } = await import('../output/write-file.js');
    const files = await readLibraries(paths);
    // the same libraries make the same bytes, in whatever order they are given
    const libraries = files.map(({ library }) => library).sort((left, right) => (left.name < right.name ? -1 : 1));
    assertApart(libraries);
    const payload = writePayload(libraries.map(({ code }) => code));
    await writeWhole(out, payload);
    const rows = libraries.map(({ name, version, hash }) => [name, version ?? '-', hash.slice(0, 12)]);
    printReport(
      {
        json: {
          file: out,
          bytes: payload.length,
          libraries: libraries.map(({ name, version, hash }) => ({ name, version: version ?? null, hash })),
        },
        text: `${table(['LIBRARY', 'VERSION', 'SHA256'], rows)}${out}: ${payload.length} bytes.\n`,
      },
      json === true,
      terminal,
    );
  });
}

/** Function names are the server's, not the library's: it would refuse the whole bundle. */
function assertApart(libraries: readonly { name: string; functions: Readonly<Record<string, { name: string }>> }[]) {
  const owners = new Map<string, string>();
  for (const { name: library, functions } of libraries) {
    for (const { name } of Object.values(functions)) {
      const owner = owners.get(name.toLowerCase());
      if (owner !== undefined && owner !== library) {
        throw new CliError(
          `${owner} and ${library} both register ${name}. Rename one of them, or leave one library out.`,
        );
      }
      owners.set(name.toLowerCase(), library);
    }
  }
}

import { Command } from 'commander';
import { CliError } from '../output/cli-error.js';
import { printReport } from '../output/report.js';
import type { Terminal } from '../output/terminal.js';

export function lintCommand(terminal: Terminal): Command {
  const command = new Command('lint')
    .description('Finds what breaks on load, crashes servers or loses data; exit code 1 where there is something')
    .argument('<path...>', 'library files, or folders of them')
    .option('--json', 'print the result for programs')
    .addHelpText('after', '\nExample:\n  $ redis-functions lint lua/');
  return command.action(async (paths: readonly string[]) => {
    const { readTexts } = await import('../libraries/read-texts.js');
    const { lint } = await import('../lint/lint.js');
    const texts = await readTexts(paths);
    const findings = texts.flatMap(({ file, code }) => lint(code).map((finding) => ({ file, ...finding })));
    const lines = findings.map(
      ({ file, line, column, code, message }) => `${file}:${line}:${column}: ${message} (${code})\n`,
    );
    const summary =
      findings.length === 0 ? `${texts.length} ${texts.length === 1 ? 'file' : 'files'}: nothing found.\n` : '';
    printReport({ json: findings, text: lines.join('') + summary }, command.opts()['json'] === true, terminal);
    if (findings.length > 0) throw new CliError('');
  });
}

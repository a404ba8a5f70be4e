import { type Command, InvalidArgumentError } from 'commander';
import { FINDINGS, type Finding, type FindingCode } from '../doctor/findings.js';
import { CliError } from '../output/cli-error.js';
import type { Terminal } from '../output/terminal.js';
import { serverCommand } from './command.js';

interface DoctorOptions {
  readonly user?: string;
  readonly ignore: readonly FindingCode[];
}

export function doctorCommand(terminal: Terminal): Command {
  return serverCommand<DoctorOptions>(
    terminal,
    'doctor',
    'Looks at every server for what is wrong with functions, or will be; exit code 1 where there is an error',
    'doctor lua/ --cluster --url redis://10.0.0.1:6379',
    async ([paths = []], { options, progress }) => {
      if (options.user !== undefined && paths.length === 0) {
        throw new CliError('What the user needs is in libraries. Give their files.', 2);
      }
      const { withServers } = await import('../connection/servers.js');
      const { diagnose } = await import('../doctor/diagnose.js');
      const { readLibraries } = await import('../libraries/read-libraries.js');
      const files = paths.length === 0 ? [] : await readLibraries(paths);
      const { servers, findings: all } = await withServers(options, terminal, (found) => {
        progress(`Looking at ${found.length} servers …`);
        return diagnose(found, files, options.user);
      });
      const findings = all.filter(({ code }) => !options.ignore.includes(code));
      const failed = findings.some(({ severity }) => severity === 'error');
      return { json: { servers, findings }, text: describe(servers.length, findings), failed };
    },
  )
    .argument('[path...]', 'libraries that should be there: files, folders of them, or bundles')
    .option('--user <name>', 'whether this user may call the functions of the libraries')
    .option('--ignore <code>', 'leave out findings of this code; may be repeated', toCodes, []);
}

function describe(servers: number, findings: readonly Finding[]): string {
  const lines = findings.map(
    ({ severity, node, problem, remedy, code }) => `${severity}  ${node}: ${problem} ${remedy} (${code})\n`,
  );
  const errors = findings.filter(({ severity }) => severity === 'error').length;
  return `${lines.join('')}${servers} servers: ${errors} errors, ${findings.length - errors} warnings.\n`;
}

function toCodes(value: string, before: readonly FindingCode[]): readonly FindingCode[] {
  if (Object.hasOwn(FINDINGS, value)) return [...before, value as FindingCode];
  throw new InvalidArgumentError(`Give one of ${Object.keys(FINDINGS).join(', ')}.`);
}

import type { Command } from 'commander';
import type { Terminal } from '../packages/cli/src/output/terminal.js';
import { COMMANDS } from '../packages/cli/src/program.js';

/** Nothing is run, so nothing is said. */
const NOBODY: Terminal = {
  out() {},
  err() {},
  isInteractive: false,
  confirm: async () => false,
} as unknown as Terminal;

/** Every command as it is declared, for looking at. */
export function declaredCommands(): Command[] {
  return COMMANDS.map((make) => make(NOBODY));
}

/** docs/options/cli.md: every command with its arguments, and a heading for each of its options. */
export function commandPage(): string {
  return declaredCommands().flatMap(commandLines).join('\n\n');
}

function commandLines(command: Command): string[] {
  const given = command.registeredArguments.map((argument) => {
    const name = argument.variadic ? `${argument.name()}...` : argument.name();
    return `${argument.required ? `<${name}>` : `[${name}]`}`;
  });
  const usage = ['redis-functions', command.name(), '[options]', ...given].join(' ');
  const told = command.registeredArguments
    .filter(({ description }) => description !== '')
    .map((argument) => `- \`${argument.name()}\`: ${tagless(argument.description)}`);
  return [
    `## ${command.name()}`,
    `\`${usage}\``,
    `${tagless(command.description())}.`,
    ...(told.length > 0 ? [told.join('\n')] : []),
    ...command.options.flatMap(({ flags, long, description, defaultValue }) => [
      `### ${long ?? flags}`,
      `\`${flags}\``,
      `${tagless(capital(description))}.${defaultOf(defaultValue, description)}`,
    ]),
  ];
}

function defaultOf(value: unknown, description: string): string {
  const isPlain = ['string', 'number'].includes(typeof value);
  return isPlain && !description.includes('default') ? ` Default: \`${String(value)}\`.` : '';
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

/** Outside of code a "<" would be taken for a tag. */
function tagless(text: string): string {
  return text.replaceAll('<', '&lt;');
}

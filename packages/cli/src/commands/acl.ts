import { Command, InvalidArgumentError, Option } from 'commander';
import type { User } from '../acl/apply.js';
import type { UserRules } from '../acl/user-rules.js';
import { type ConnectionOptions, withConnection } from '../connection/options.js';
import { CliError } from '../output/cli-error.js';
import { printReport } from '../output/report.js';
import type { Terminal } from '../output/terminal.js';
import { confirmed } from './confirmed.js';

interface AclOptions extends ConnectionOptions {
  readonly prefix: readonly string[];
  readonly channel: readonly string[];
  readonly allow: readonly string[];
  readonly appUser?: string;
  readonly deployUser?: string;
  readonly appHash?: string;
  readonly deployHash?: string;
  readonly generatePassword?: boolean;
  readonly format: 'setuser' | 'aclfile';
  readonly apply?: boolean;
  readonly json?: boolean;
  readonly yes?: boolean;
}

export function aclCommand(terminal: Terminal): Command {
  const command = withConnection(
    new Command('acl').description('Prints users that may do what the libraries need, and nothing else'),
  )
    .argument('<path...>', 'library files, folders of them, or bundles')
    .option('--app-user <name>', 'calls the functions')
    .option('--deploy-user <name>', 'brings the libraries')
    .option('--prefix <text>', 'what the keys of the app begin with; may be repeated', collect, [])
    .option('--channel <text>', 'what the channels begin with that the libraries publish to', collect, [])
    .option('--allow <command>', 'a further command for the app, such as get or client|setinfo', collect, [])
    .option('--app-hash <sha256>', 'of its password, in hexadecimal', toHash)
    .option('--deploy-hash <sha256>', 'of its password, in hexadecimal', toHash)
    .option('--generate-password', 'make a password for each, shown once on the standard error')
    .addOption(
      new Option('--format <format>', 'commands, or lines of an ACL file')
        .choices(['setuser', 'aclfile'])
        .default('setuser'),
    )
    .option('--apply', 'tell every server, replicas included; a user of that name is replaced')
    .option('--yes', 'do not ask')
    .option('--json', 'print the result for programs')
    .addHelpText(
      'after',
      "\nExample:\n  $ redis-functions acl lua/ --app-user shop --prefix 'rf:' --deploy-user deployer",
    );
  return command.action(async (paths: readonly string[]) => {
    const options = command.opts<AclOptions>();
    const { users, notes, passwords } = await usersFor(paths, options);
    // where results do not go: they are kept in files
    const show = () => {
      for (const [name, text] of passwords) terminal.err(`The password of ${name}, shown this once: ${text}\n`);
    };
    for (const note of notes) terminal.err(`${note}\n`);
    const lines = users.map((user) => toLine(user, options.format));
    if (!options.apply) {
      show();
      printReport({ json: { users, notes }, text: lines.join('') }, options.json === true, terminal);
      return;
    }
    const unable = users.find(({ rules }) => !rules.some((rule) => rule.startsWith('#')));
    if (unable) throw new CliError(`${unable.name} would have no password. Give its hash, or --generate-password.`, 2);
    const names = users.map(({ name }) => name).join(' and ');
    await confirmed(
      `Make ${names} on every server, in the place of users of that name?`,
      options.yes === true,
      terminal,
    );
    // before the servers know it: what fails half way can be repeated with its hash
    show();
    const { withServers } = await import('../connection/servers.js');
    const { applyUsers } = await import('../acl/apply.js');
    const applied = await withServers(options, terminal, (servers) => applyUsers(servers, users));
    const text = applied.map(
      ({ node, saved }) => `${node}: ${names}${saved ? '' : ', until it restarts: it has no ACL file'}.\n`,
    );
    printReport({ json: { users, notes, applied }, text: text.join('') }, options.json === true, terminal);
  });
}

async function usersFor(paths: readonly string[], options: AclOptions) {
  const { appUser, deployUser, cluster = false } = options;
  if (appUser === undefined && deployUser === undefined) {
    throw new CliError('No user is named. Give --app-user, --deploy-user or both.', 2);
  }
  if (appUser !== undefined && options.prefix.length === 0) {
    throw new CliError('What the keys of the app begin with is not said. Give --prefix.', 2);
  }
  for (const name of [appUser, deployUser]) {
    if (name !== undefined && !/^[^\s"'~&+@%#<>|]+$/.test(name)) {
      throw new CliError(`"${name}" is no name of a user. Use letters, digits, - and _.`, 2);
    }
  }
  const { readLibraries } = await import('../libraries/read-libraries.js');
  const { appRules, deployerRules } = await import('../acl/user-rules.js');
  const files = (await readLibraries(paths)).map(({ file, library }) => ({ file, code: library.code }));
  const { generatePassword } = await import('../acl/password.js');
  const users: User[] = [];
  const notes: string[] = [];
  const passwords: [name: string, text: string][] = [];
  const add = (name: string, { rules, notes: more }: UserRules, given: string | undefined) => {
    const made = given === undefined && options.generatePassword ? generatePassword() : undefined;
    if (made) passwords.push([name, made.text]);
    const hash = given ?? made?.hash;
    if (hash === undefined) {
      notes.push(`${name} has no password yet: nobody can log in. Give its hash, or --generate-password.`);
    }
    users.push({ name, rules: ['on', ...(hash === undefined ? [] : [`#${hash}`]), ...rules] });
    notes.push(...more);
  };
  const needs = { prefixes: options.prefix, channels: options.channel, allow: options.allow, cluster };
  if (appUser !== undefined) add(appUser, appRules(files, needs), options.appHash);
  if (deployUser !== undefined) add(deployUser, deployerRules(cluster), options.deployHash);
  return { users, notes, passwords };
}

function toLine({ name, rules }: User, format: AclOptions['format']): string {
  if (format === 'aclfile') return `user ${name} ${rules.join(' ')}\n`;
  // quotes for the shell-like readers of commands, of which ~ * # and | would be others
  return `ACL SETUSER ${name} reset ${rules.map((rule) => (/[#*?[\]\\|&~]/.test(rule) ? `'${rule}'` : rule)).join(' ')}\n`;
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

function toHash(text: string): string {
  if (/^[0-9a-f]{64}$/i.test(text)) return text.toLowerCase();
  // not repeated: it may be the password itself
  throw new InvalidArgumentError('Give 64 hexadecimal digits: printf %s PASSWORD | sha256sum.');
}

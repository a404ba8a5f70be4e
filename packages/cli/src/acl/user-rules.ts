import { registrationsIn } from '@redis-functions/core';
import { CliError } from '../output/cli-error.js';
import { commandsUsedBy } from './commands-used.js';

/** A user as ACL SETUSER takes it, without a password. */
export interface UserRules {
  readonly rules: readonly string[];
  /** For a person: what could not be found out. */
  readonly notes: readonly string[];
}

export interface AppNeeds {
  /** What the keys of the libraries begin with. */
  readonly prefixes: readonly string[];
  /** What the channels that they publish to begin with. */
  readonly channels: readonly string[];
  /** Further commands. */
  readonly allow: readonly string[];
  readonly cluster: boolean;
}

/** Connecting, looking whether the libraries are there (`deploy: 'verify'`), and a sign of life. */
const CONNECTION = ['ping', 'client|setname', 'function|list'];
/** Finding the way in a cluster. */
const CLUSTER = ['cluster|slots', 'readonly', 'asking'];
/** All that the commands here do, FUNCTION FLUSH left out: it takes the libraries of others with it. */
const DEPLOYER = [
  ...['function|load', 'function|list', 'function|delete', 'function|restore', 'function|dump'],
  ...['function|stats', 'function|kill', 'watch', 'unwatch', 'multi', 'exec', 'set', 'wait', 'role'],
  // prune: the marks of those who call
  ...['time', 'hget', 'hset', 'pexpire'],
];
/** Where deployers meet: one key, or one per primary of a cluster, and the marks beside it. */
const DEPLOYER_KEYS = ['rf:deploy', 'rf:deploy:used'];
const DEPLOYER_CLUSTER_KEYS = ['rf:{[0-9]*}', 'rf:{[0-9]*}:used'];

/**
 * What an application may: call the functions of the libraries, each command that they send (servers check these against
 * the caller as well), and nothing outside of its keys.
 */
export function appRules(files: readonly { file: string; code: string }[], needs: AppNeeds): UserRules {
  const calls = new Set<string>();
  const commands = new Set([
    ...CONNECTION,
    ...(needs.cluster ? CLUSTER : []),
    ...needs.allow.map((command) => command.toLowerCase()),
  ]);
  const notes: string[] = [];
  for (const { file, code } of files) {
    for (const { name, flags } of registrationsIn(code) ?? []) {
      calls.add(`fcall|${name}`);
      // of others the server refuses FCALL_RO anyway
      if (flags?.includes('no-writes') ?? true) calls.add(`fcall_ro|${name}`);
    }
    const used = commandsUsedBy(code);
    for (const command of used.commands) commands.add(command);
    for (const line of used.unseen) {
      notes.push(`${file}:${line}: which command is sent here is known at run time only. Add it with --allow.`);
    }
  }
  if ([...commands].some((command) => /^s?publish$/.test(command)) && needs.channels.length === 0) {
    notes.push('The libraries publish. Name what their channels begin with: --channel.');
  }
  if (commands.has('scan'))
    notes.push('SCAN shows the names of all keys, whatever they begin with: servers cannot limit it.');
  return {
    rules: [
      ...needs.prefixes.map((prefix) => `~${literal(prefix)}*`),
      ...needs.channels.map((prefix) => `&${literal(prefix)}*`),
      ...[...calls].sort().map(allow),
      ...[...commands].sort().map(allow),
    ],
    notes,
  };
}

/** What a deployer may: everything about libraries except to call them, and no key but those where deployers meet. */
export function deployerRules(cluster: boolean): UserRules {
  const keys = cluster ? DEPLOYER_CLUSTER_KEYS : DEPLOYER_KEYS;
  const commands = new Set([...CONNECTION, ...DEPLOYER, ...(cluster ? [...CLUSTER, 'exists'] : [])]);
  return { rules: [...keys.map((key) => `~${key}`), ...[...commands].sort().map(allow)], notes: [] };
}

function allow(command: string): string {
  return `+${command}`;
}

/** Patterns of keys are globs; what a person writes as a prefix is none. */
function literal(prefix: string): string {
  if (/^[^\s"']+$/.test(prefix)) return prefix.replace(/[\\*?[\]]/g, '\\$&');
  throw new CliError(
    `"${prefix}" is no prefix: it is empty, or has white space or quotes. Give what the keys begin with.`,
    2,
  );
}

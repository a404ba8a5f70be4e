import { CliError } from '../../output/cli-error.js';

/** What an editor's launch configuration says, beside what is the editor's own. */
export interface LaunchConfiguration {
  /** The .lua file. */
  readonly program: string;
  readonly function: string;
  readonly keys: readonly string[];
  readonly args: readonly string[];
  /** The server; default: as on the command line that started the adapter. */
  readonly url?: string;
  readonly cluster?: boolean;
  readonly sentinel?: string;
  readonly ownServer?: boolean;
  /** Default: where no breakpoint is set. */
  readonly stopOnEntry?: boolean;
}

const EXAMPLE = 'Write it like { "program": "lua/cart.lua", "function": "cart_add", "keys": ["k"] }.';

/** @throws CliError for what is missing or of another type. */
export function readLaunch(given: Readonly<Record<string, unknown>>): LaunchConfiguration {
  const { program, function: functionName, keys = [], args = [] } = given;
  if (typeof program !== 'string' || typeof functionName !== 'string') {
    throw new CliError(`The launch configuration names no "program" and "function". ${EXAMPLE}`);
  }
  return {
    program,
    function: functionName,
    keys: texts('keys', keys),
    args: texts('args', args),
    ...optional(given, 'url', 'string'),
    ...optional(given, 'sentinel', 'string'),
    ...optional(given, 'cluster', 'boolean'),
    ...optional(given, 'ownServer', 'boolean'),
    ...optional(given, 'stopOnEntry', 'boolean'),
  };
}

function texts(name: string, given: unknown): string[] {
  const isList = Array.isArray(given) && given.every((item) => typeof item === 'string' || typeof item === 'number');
  if (!isList) throw new CliError(`"${name}" of the launch configuration is no list of texts. ${EXAMPLE}`);
  return given.map(String);
}

function optional(given: Readonly<Record<string, unknown>>, name: string, type: 'string' | 'boolean') {
  const value = given[name];
  if (value === undefined) return {};
  if (typeof value !== type) throw new CliError(`"${name}" of the launch configuration is no ${type}. Correct it.`);
  return { [name]: value };
}

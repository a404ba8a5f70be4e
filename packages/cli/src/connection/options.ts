import { type Command, InvalidArgumentError, Option } from 'commander';

export const DEFAULT_URL = 'redis://localhost:6379';

export interface ConnectionOptions {
  readonly url?: string;
  readonly cluster?: boolean;
  readonly sentinel?: string;
  readonly timeout: number;
}

/** Adds the options by which a command finds its server. */
export function withConnection(command: Command): Command {
  return command
    .option('--url <url>', `redis:// or rediss://, several with commas (default: REDIS_URL, else ${DEFAULT_URL})`)
    .option('--cluster', 'the URL is of any node of a cluster')
    .option(
      '--sentinel <name>',
      'the URL is of a sentinel, which knows the primary by this name; user and password are for the servers',
    )
    .addOption(new Option('--timeout <ms>', 'give up after so long').default(10_000).argParser(toMilliseconds));
}

function toMilliseconds(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Give milliseconds, a whole number from 1.');
}

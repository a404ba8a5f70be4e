import { Command, InvalidArgumentError, Option } from 'commander';
import { type ConnectionOptions, withConnection } from '../connection/options.js';
import { CliError } from '../output/cli-error.js';
import { printReport } from '../output/report.js';
import type { Terminal } from '../output/terminal.js';

interface DebugCommandOptions extends ConnectionOptions {
  readonly key: readonly string[];
  readonly arg: readonly string[];
  readonly break: readonly number[];
  readonly commit?: boolean;
  readonly yes?: boolean;
  readonly ownServer?: boolean;
  readonly dap?: boolean;
  readonly dapPort?: number;
  readonly json?: boolean;
}

const collect = (value: string, before: readonly string[]) => [...before, value];

export function debugCommand(terminal: Terminal): Command {
  const command = withConnection(
    new Command('debug')
      .description('Steps through a function on a server; what it writes is rolled back')
      .argument('[file]', 'the .lua file of its library')
      .argument('[function]', 'its name'),
  )
    .option('--key <key>', 'a key, in the order that the function takes them', collect, [])
    .option('--arg <text>', 'an argument, in its order', collect, [])
    .addOption(
      new Option('--break <line>', 'stop at this line of the file, instead of at the first of the function')
        .default([])
        .argParser((text, before: readonly number[]) => [...before, toNumber(text, 1, 9_999_999)]),
    )
    .option('--commit', 'keep what it writes; the server serves nobody else meanwhile')
    .option('--yes', 'do not ask whether --commit is meant')
    .option('--own-server', 'debug on an empty server that is started for it, instead of --url')
    .option('--dap', 'speak the Debug Adapter Protocol on the standard input and output, for editors')
    .addOption(
      new Option('--dap-port <port>', 'speak it on a TCP port of this machine').argParser((text) =>
        toNumber(text, 0, 65_535),
      ),
    )
    .option('--json', 'print the result for programs, and everything else on the standard error')
    .addHelpText(
      'after',
      "\nExample:\n  $ redis-functions debug lua/cart.lua cart_add --key 'shop:{eu}:cart' --arg A1 --break 120",
    );
  return command.action(async (file?: string, functionName?: string) => {
    const options = command.opts<DebugCommandOptions>();
    if (options.dap || options.dapPort !== undefined) return serveEditors(options, terminal);
    if (file === undefined || functionName === undefined) {
      throw new CliError('Name the file and the function: redis-functions debug lua/cart.lua cart_add', 2);
    }
    const { withServer } = await import('../debug/own-server.js');
    const { debugFunction } = await import('../debug/debug-function.js');
    const { printed, report } = await withServer(options, terminal.env, async (address) => {
      if (options.commit) await confirmCommit(functionName, options.yes === true, terminal);
      const say = options.json ? terminal.err : terminal.out;
      const { key: keys, arg: args, break: breakpoints, commit = false, timeout: timeoutMs } = options;
      const asked = { file, functionName, keys, args, breakpoints, commit, timeoutMs, address };
      return { printed: options.json === true, report: await debugFunction(asked, terminal, say) };
    });
    printReport(report, printed, terminal);
    if (report.failed) throw new CliError('', 1);
  });
}

async function serveEditors(options: DebugCommandOptions, terminal: Terminal): Promise<void> {
  if (options.commit) throw new CliError('--commit is for the terminal, where it can be asked. Leave it out.', 2);
  const { serveStdio, serveTcp } = await import('../debug/dap/serve.js');
  if (options.dapPort === undefined) return serveStdio(options, terminal);
  const server = await serveTcp(options.dapPort, options, terminal);
  terminal.err(`Debug adapter on 127.0.0.1:${server.port}. Ctrl-C ends it.\n`);
  await server.ended;
}

async function confirmCommit(functionName: string, yes: boolean, terminal: Terminal): Promise<void> {
  if (yes) return;
  const question = `Run ${functionName}, keep what it writes, and let the server serve nobody else until it ends?`;
  if (!terminal.isInteractive) throw new CliError(`${question} Nobody can be asked here: nothing was done. Add --yes.`);
  if (!(await terminal.confirm(question))) throw new CliError('Nothing was done.');
}

function toNumber(text: string, least: number, most: number): number {
  const number = /^\d{1,7}$/.test(text) ? Number(text) : Number.NaN;
  if (number >= least && number <= most) return number;
  throw new InvalidArgumentError(`Give a whole number from ${least} to ${most}.`);
}

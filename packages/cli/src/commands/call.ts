import type { Command } from 'commander';
import { renderReply, replyToJson } from '../output/reply.js';
import type { Terminal } from '../output/terminal.js';
import { serverCommand } from './command.js';

interface CallOptions {
  readonly key: readonly string[];
  readonly arg: readonly string[];
  readonly readOnly?: boolean;
}

const collect = (value: string, before: readonly string[]) => [...before, value];

export function callCommand(terminal: Terminal): Command {
  return serverCommand<CallOptions>(
    terminal,
    'call',
    'Calls a function by its name, and prints its reply',
    "call cart_add --key 'shop:{eu}:cart' --key 'shop:{eu}:stock' --arg A1 --arg 2",
    async ([[name = ''] = []], { options, connect }) => {
      const { key, arg, readOnly } = options;
      const reply = await connect((functions) =>
        readOnly ? functions.callReadOnly(name, key, arg) : functions.call(name, key, arg),
      );
      return { json: replyToJson(reply), text: `${renderReply(reply)}\n` };
    },
  )
    .argument('<function>', 'its name')
    .option('--key <key>', 'a key, in the order that the function takes them', collect, [])
    .option('--arg <text>', 'an argument, in its order', collect, [])
    .option('--read-only', 'as FCALL_RO: only where the function is registered with no-writes');
}

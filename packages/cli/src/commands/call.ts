import type { Command } from 'commander';
import { CliError } from '../output/cli-error.js';
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
      return { json: toJson(reply), text: `${render(reply)}\n` };
    },
  )
    .argument('<function>', 'its name')
    .option('--key <key>', 'a key, in the order that the function takes them', collect, [])
    .option('--arg <text>', 'an argument, in its order', collect, [])
    .option('--read-only', 'as FCALL_RO: only where the function is registered with no-writes');
}

/** As redis-cli shows replies. */
function render(reply: unknown, indent = ''): string {
  if (reply === null || reply === undefined) return '(nil)';
  if (typeof reply === 'number' || typeof reply === 'bigint') return `(integer) ${reply}`;
  if (typeof reply === 'string') return JSON.stringify(reply);
  if (typeof reply === 'boolean') return `(${reply})`;
  if (reply instanceof Error) return `(error) ${reply.message}`;
  if (!Array.isArray(reply)) throw new CliError('The reply is of a kind that has no text. Use --json.');
  if (reply.length === 0) return '(empty array)';
  return reply
    .map((item, i) => {
      const number = `${i + 1}) `;
      return `${i === 0 ? '' : indent}${number}${render(item, `${indent}${' '.repeat(number.length)}`)}`;
    })
    .join('\n');
}

function toJson(reply: unknown): unknown {
  if (typeof reply === 'bigint') return String(reply);
  if (reply instanceof Error) return { error: reply.message };
  return Array.isArray(reply) ? reply.map(toJson) : (reply ?? null);
}

import type { Command } from 'commander';
import { CliError } from '../output/cli-error.js';
import type { Terminal } from '../output/terminal.js';
import { serverCommand } from './command.js';

export function deleteCommand(terminal: Terminal): Command {
  return serverCommand(
    terminal,
    'delete',
    'Removes a library from every primary',
    'delete cart_1 --yes',
    async ([[name = ''] = []], { connect, confirm }) =>
      connect(async (functions) => {
        const found = (await functions.list()).filter((library) => library.name === name);
        if (found.length === 0) {
          throw new CliError(
            `There is no library ${name} on any server. redis-functions list shows those that are there.`,
          );
        }
        const nodes = [...new Set(found.flatMap((library) => library.nodes))];
        await confirm(`Delete ${name} from ${nodes.join(', ')}? Who calls it gets errors, or brings it back.`);
        await functions.delete(name);
        return { json: { deleted: name, nodes }, text: `${name} is deleted from ${nodes.join(', ')}.\n` };
      }),
  )
    .argument('<library>', 'its name')
    .option('--yes', 'do not ask');
}

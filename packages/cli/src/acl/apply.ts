import { FunctionCallError } from '@redis-functions/core';
import type { Server } from '../connection/servers.js';
import { CliError } from '../output/cli-error.js';

/** A user with all that ACL SETUSER is told. */
export interface User {
  readonly name: string;
  readonly rules: readonly string[];
}

export interface Applied {
  readonly node: string;
  /** Kept at a restart: the server has an ACL file. */
  readonly saved: boolean;
}

/** Users are not replicated: every server is told, replicas included. */
export async function applyUsers(servers: readonly Server[], users: readonly User[]): Promise<Applied[]> {
  const applied: Applied[] = [];
  for (const { id, send } of servers) {
    for (const { name, rules } of users) {
      await send(['ACL', 'SETUSER', name, 'reset', ...rules]).catch((cause: Error) => {
        const done =
          applied.length === 0 ? '' : ` ${applied.map(({ node }) => node).join(', ')} have the users already.`;
        throw new CliError(
          `${id} did not take the user ${name}: ${cause.message}${done} Mend it and repeat the command.`,
          1,
          { cause },
        );
      });
    }
    applied.push({ node: id, saved: await save(send) });
  }
  return applied;
}

async function save(send: Server['send']): Promise<boolean> {
  try {
    await send(['ACL', 'SAVE']);
    return true;
  } catch (error) {
    if (error instanceof FunctionCallError) return false;
    throw error;
  }
}

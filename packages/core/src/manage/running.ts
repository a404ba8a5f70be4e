import type { PrimaryNode } from '../client/port.js';
import { toArray, toInteger, toText } from '../replies.js';
import { toFields } from '../reply-fields.js';

/** What one server says about its functions. */
export interface ServerStats {
  readonly node: string;
  readonly libraries: number;
  readonly functions: number;
  /** The function that is running right now: only one that runs for long can be seen here. */
  readonly running: RunningFunction | null;
}

export interface RunningFunction {
  readonly name: string;
  /** The call as it was sent. */
  readonly command: readonly string[];
  readonly durationMs: number;
}

/** FUNCTION STATS, which answers on a busy server too. */
export async function readStats(node: PrimaryNode): Promise<ServerStats> {
  const fields = toFields(await node.send(['FUNCTION', 'STATS']));
  const running = fields.get('running_script') ?? null;
  const lua = toFields(toFields(fields.get('engines')).get('LUA') ?? []);
  return {
    node: node.id,
    libraries: toInteger(lua.get('libraries_count') ?? 0),
    functions: toInteger(lua.get('functions_count') ?? 0),
    running: running === null ? null : toRunning(toFields(running)),
  };
}

function toRunning(fields: Map<string, unknown>): RunningFunction {
  return {
    name: toText(fields.get('name')),
    command: toArray(fields.get('command')).map(toText),
    durationMs: toInteger(fields.get('duration_ms')),
  };
}

/**
 * Ends what a server is busy with. Functions and scripts have a command of their own to be ended by; the server says which.
 *
 * @returns False where nothing was running.
 * @throws The server's UNKILLABLE: it has written already, and only SHUTDOWN NOSAVE would end it.
 */
export async function killRunning(
  node: PrimaryNode,
  isServerError: (error: unknown) => error is Error,
): Promise<boolean> {
  try {
    await node.send(['FUNCTION', 'KILL']);
    return true;
  } catch (error) {
    if (!isServerError(error)) throw error;
    if (error.message.startsWith('NOTBUSY')) return false;
    if (!error.message.startsWith('BUSY')) throw error;
    await node.send(['SCRIPT', 'KILL']);
    return true;
  }
}

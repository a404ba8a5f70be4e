import {
  FunctionCallError,
  type LibraryInfo,
  type RunningFunction,
  type ServerInfo,
  UnavailableError,
} from '@redis-functions/core';
import type { Server } from '../connection/servers.js';

/** What one server says about itself. What it does not say is undefined, and why is in `refused`. */
export interface Examined {
  readonly id: string;
  readonly role: Server['role'];
  readonly info: ServerInfo | undefined;
  readonly running: RunningFunction | null | undefined;
  readonly libraries: readonly LibraryInfo[] | undefined;
  readonly persistence: ReadonlyMap<string, string>;
  readonly settings: ReadonlyMap<string, string>;
  /** What it did not answer. */
  readonly refused: readonly { readonly command: string; readonly code: string; readonly message: string }[];
}

const SETTINGS = ['save', 'appendonly', 'maxmemory', 'maxmemory-policy', 'busy-reply-threshold'];

/** Asks what every server answers in order, one after the other: what is refused does not hide the rest. */
export async function examine({ id, role, functions, send }: Server): Promise<Examined> {
  const refused: { command: string; code: string; message: string }[] = [];
  const ask = async <T>(command: string, work: () => Promise<T>): Promise<T | undefined> => {
    // a server that is gone, or busy, says the same to all that follows
    if (refused.some(({ code }) => code === 'UNREACHABLE' || code === 'BUSY')) return undefined;
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof FunctionCallError || error instanceof UnavailableError)) throw error;
      const code = error instanceof UnavailableError ? 'UNREACHABLE' : error.code;
      // INFO is asked for more than once
      if (refused.every((other) => other.command !== command)) refused.push({ command, code, message: error.message });
      return undefined;
    }
  };
  // the only question of these that a busy server answers
  const stats = await ask('FUNCTION STATS', () => functions.stats());
  const info = await ask('INFO', () => functions.server());
  const libraries = await ask('FUNCTION LIST', () => functions.list({ withCode: true }));
  const persistence = await ask('INFO', async () => toFields(String(await send(['INFO', 'persistence']))));
  const settings = await ask('CONFIG GET', async () => toMap(await send(['CONFIG', 'GET', ...SETTINGS])));
  return {
    id,
    role,
    info,
    running: stats?.[0]?.running,
    libraries,
    persistence: persistence ?? new Map(),
    settings: settings ?? new Map(),
    refused,
  };
}

function toFields(text: string): Map<string, string> {
  return new Map([...text.matchAll(/^([a-z_0-9]+):(.*?)\r?$/gm)].map(([, name = '', value = '']) => [name, value]));
}

/** Flat on RESP2; on RESP3 what the client makes of a map. */
function toMap(reply: unknown): Map<string, string> {
  if (reply instanceof Map) return new Map([...reply].map(([name, value]) => [String(name), String(value)]));
  if (!Array.isArray(reply)) {
    return new Map(Object.entries(reply as object).map(([name, value]) => [name, String(value)]));
  }
  const map = new Map<string, string>();
  for (let i = 0; i + 1 < reply.length; i += 2) map.set(String(reply[i]), String(reply[i + 1]));
  return map;
}

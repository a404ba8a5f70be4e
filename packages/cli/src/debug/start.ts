import type { ServerAddress } from '../connection/server-address.js';
import { CliError } from '../output/cli-error.js';
import { LdbConnection } from './ldb-connection.js';
import { LuaSource } from './lua-source.js';
import { ServerError } from './resp.js';
import { type DebuggedFunction, toScript } from './script.js';
import { DebugSession } from './session.js';

export interface StartOptions {
  readonly address: ServerAddress;
  readonly library: DebuggedFunction;
  readonly keys: readonly string[];
  readonly args: readonly string[];
  /** Keep what the function writes: the server serves nobody else until it ends. */
  readonly commit: boolean;
  readonly timeoutMs: number;
}

/** Nodes of a cluster send on to each other; a few times, while slots move. */
const MOST_REDIRECTIONS = 5;

/**
 * Begins to debug a function: before its first line, and before what the file does when it is loaded.
 *
 * @throws CliError for what the server refuses.
 */
export async function startSession(options: StartOptions): Promise<DebugSession> {
  const source = new LuaSource(options.library.code);
  const address = options.address;
  try {
    return await start(options, address, source, true);
  } catch (error) {
    // a function close to Lua's limits has no room for what is added to read its variables
    if (!(error instanceof CompileError)) throw error;
    return start(options, address, source, false);
  }
}

class CompileError extends CliError {}

async function start(
  options: StartOptions,
  first: ServerAddress,
  source: LuaSource,
  instrument: boolean,
): Promise<DebugSession> {
  const { library, keys, args, commit, timeoutMs } = options;
  const script = toScript(library, source, args.length, instrument);
  let address = first;
  for (let redirections = 0; ; redirections++) {
    const connection = await LdbConnection.open(address, timeoutMs);
    try {
      const mode = await connection.request(['SCRIPT', 'DEBUG', commit ? 'SYNC' : 'YES']);
      if (mode instanceof ServerError) throw refusal(mode, connection.name);
      const command = withinPages(['EVAL', script.text, String(keys.length), ...keys, ...args], options);
      const begun = await connection.request(command);
      // a text that does not compile ends before it begins
      const reply = Array.isArray(begun) && begun.includes('<endsession>') ? await connection.next() : begun;
      if (Array.isArray(reply)) return new DebugSession(connection, source, script);
      const moved = reply instanceof ServerError && /^(?:MOVED|ASK) \d+ (.*):(\d+)$/.exec(reply.message);
      if (!moved || redirections === MOST_REDIRECTIONS) throw refusal(reply, connection.name);
      connection.close();
      address = { ...address, host: moved[1] || address.host, port: Number(moved[2]) };
    } catch (error) {
      connection.close();
      throw error;
    }
  }
}

/**
 * A server that has forked gives back the memory of its clients' commands, in pages, where the words of a command have a
 * page on average: the script turns into zeros while it is read (seen on Redis 7.0 to 8.0 and Valkey 8.0 to 9.1, with
 * texts from 32 KB). More words make the average small; too many of them have a page of their own, which goes as well.
 */
const WORD_BYTES = 2_048;
const MOST_WORDS = 250;
const PAGE_BYTES = 4_096;

function withinPages(command: readonly string[], { commit, library }: StartOptions): readonly string[] {
  if (commit) return command;
  const bytes = command.reduce((sum, word) => sum + Buffer.byteLength(word), 0);
  const words = Math.max(command.length, Math.min(MOST_WORDS, Math.ceil(bytes / WORD_BYTES)));
  if (words > MOST_WORDS || bytes / words >= PAGE_BYTES) {
    throw new CliError(
      `The library of ${library.name}, its keys and its arguments are too large for a fork of the server (${bytes} bytes ` +
        `in ${command.length} words). Split the library, or give smaller arguments.`,
    );
  }
  return [...command, ...Array<string>(words - command.length).fill('')];
}

const REMEDIES: readonly (readonly [RegExp, string])[] = [
  [/^NOPERM|can't run this command|no permissions/i, 'Debug as a user with +eval and +script|debug, and the keys.'],
  [/^NOAUTH/, 'Put user name and password into the URL.'],
  [/^BUSY/, 'Wait until the running function ends, or end it with redis-functions kill.'],
  [/^CROSSSLOT/, 'Give all keys the same {hash tag}.'],
  [/^READONLY/, 'Debug on the primary: give its URL.'],
  [/^LOADING/, 'Try again when the server has read its data.'],
  [/^CLUSTERDOWN/, 'Repair the cluster, or debug on a server of its own: --own-server.'],
  [/^(?:MOVED|ASK)/, 'Wait until the slot has moved, and try again.'],
  [/^OOM/, 'Raise maxmemory, or debug on a server of its own: --own-server.'],
  [/engine|Lua/i, 'This server has no debugger for Lua. Debug on one that has, or on --own-server.'],
  [
    /unknown (?:sub)?command|not allowed|disabled|DEBUG/i,
    'This server does not let its scripts be debugged, as managed services do not. Debug on --own-server.',
  ],
];

function refusal(reply: unknown, name: string): CliError {
  if (!(reply instanceof ServerError)) {
    return new CliError(`${name} ran the script without its debugger. Debug on --own-server.`);
  }
  const message = reply.message.replace(/user_script:/g, 'line ').replace(/\.$/, '');
  if (/compiling script/i.test(message)) return new CompileError(`${message}. Correct the file.`, 1, { cause: reply });
  const remedy = REMEDIES.find(([pattern]) => pattern.test(message))?.[1] ?? 'See what the server says.';
  return new CliError(`${name} refuses to debug: ${message}. ${remedy}`, 1, { cause: reply });
}

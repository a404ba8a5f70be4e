import type { ClientPort, Command } from '../client/port.js';
import type { Library } from '../define/library.js';

/** One call on its way to the server. */
export interface PreparedCall {
  readonly functionName: string;
  /** Undefined for a call by bare name of a function that this client has no definition of. */
  readonly library: Library | undefined;
  readonly keys: readonly (string | Buffer)[];
  readonly args: readonly (string | Buffer)[];
  readonly readOnly: boolean;
}

/** How functions are run on this server: as functions, or as scripts where functions do not exist. */
export interface Runner {
  readonly mode: 'functions' | 'scripts';
  run(port: ClientPort, call: PreparedCall): Promise<unknown>;
}

export const fcallRunner: Runner = {
  mode: 'functions',
  run(port, { functionName, keys, args, readOnly }) {
    const command: Command = [readOnly ? 'FCALL_RO' : 'FCALL', functionName, String(keys.length), ...keys, ...args];
    return port.send(command, { key: keys[0], readOnly });
  },
};

import type { ClientPort, Command, Route } from '../client/port.js';
import type { Library } from '../define/library.js';

/** One call on its way to the server. It is its own route: no object more per call. */
export interface PreparedCall extends Route {
  readonly functionName: string;
  /** Undefined for a call by bare name of a function that this client has no definition of. */
  readonly library: Library | undefined;
  /** `FCALL name numkeys key… arg…` */
  readonly command: Command;
}

/** How functions are run on this server: as functions, or as scripts where functions do not exist. */
export interface Runner {
  readonly mode: 'functions' | 'scripts';
  run(port: ClientPort, call: PreparedCall): Promise<unknown>;
}

export const fcallRunner: Runner = {
  mode: 'functions',
  run: (port, call) => port.send(call.command, call),
};

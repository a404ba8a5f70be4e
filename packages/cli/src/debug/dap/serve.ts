import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { CliError } from '../../output/cli-error.js';
import { takeSignals } from '../../output/signals.js';
import type { Terminal } from '../../output/terminal.js';
import type { WhereOptions } from '../own-server.js';
import { FunctionAdapter } from './function-adapter.js';

/** Editors on this machine only: whoever connects may have any Lua file run. */
const HOST = '127.0.0.1';

export interface DapServer {
  readonly port: number;
  /** Resolves when it no longer listens, and no editor debugs. */
  readonly ended: Promise<void>;
  close(): void;
}

/** Serves one editor on the standard input and output, until it goes. */
export async function serveStdio(options: WhereOptions, { env }: Terminal): Promise<void> {
  const adapter = new FunctionAdapter(options, env);
  adapter.start(process.stdin, process.stdout);
  process.stdin.once('end', () => adapter.shutdown());
  await adapter.ended;
  process.stdin.destroy();
}

/** Serves editors on a port, until it is closed or the process is told to end. @throws CliError for a port in use. */
export async function serveTcp(port: number, options: WhereOptions, { env }: Terminal): Promise<DapServer> {
  const sockets = new Map<Socket, Promise<void>>();
  const server = createServer((socket) => {
    const adapter = new FunctionAdapter(options, env);
    sockets.set(socket, adapter.ended);
    adapter.ended.finally(() => socket.end()).catch(() => {});
    socket.once('close', () => sockets.delete(socket));
    adapter.start(socket, socket);
  });
  server.listen(port, HOST);
  try {
    await once(server, 'listening');
  } catch (cause) {
    throw new CliError(`Port ${port} cannot be used (${(cause as Error).message}). Choose another --dap-port.`, 1, {
      cause,
    });
  }
  const close = () => {
    server.close();
    for (const socket of sockets.keys()) socket.destroy();
  };
  const giveBack = takeSignals(close);
  const ended = once(server, 'close').then(async () => {
    giveBack();
    await Promise.all(sockets.values());
  });
  return { port: (server.address() as AddressInfo).port, ended, close };
}

import { RedisFunctions } from '@redis-functions/core';
import type { Terminal } from '../output/terminal.js';
import { connected } from './connected.js';
import { type ConnectionOptions, DEFAULT_URL } from './options.js';

/** One server of a topology, on a connection of its own: what one does not answer does not keep the others from it. */
export interface Server {
  readonly id: string;
  readonly role: 'primary' | 'replica';
  readonly functions: RedisFunctions;
  send(command: readonly (string | Buffer)[]): Promise<unknown>;
}

/** Every primary, and the replicas that it names. Closes all connections, whatever happens. */
export async function withServers<T>(
  options: ConnectionOptions,
  terminal: Terminal,
  work: (servers: readonly Server[]) => Promise<T>,
): Promise<T> {
  return connected(options, terminal, async (functions) => {
    const opened: RedisFunctions[] = [];
    const open = (id: string, role: Server['role'], url: string): Server => {
      const own = new RedisFunctions({ url, mode: 'functions', deploy: 'none', deadlineMs: options.timeout });
      opened.push(own);
      return { id, role, functions: own, send: async (command) => (await own.primaries())[0]?.send(command) };
    };
    try {
      const isMany = options.cluster === true || options.sentinel !== undefined;
      const base = (options.url ?? (terminal.env['REDIS_URL'] || DEFAULT_URL)).split(',')[0]?.trim() ?? DEFAULT_URL;
      const primaries = (await functions.primaries()).map(({ id }) =>
        open(id, 'primary', isMany ? urlAt(base, id) : base),
      );
      const replicas = await Promise.all(
        primaries.map(async ({ send }) =>
          (await replicasOf(send)).map((address) => open(address, 'replica', urlAt(base, address))),
        ),
      );
      return await work([...primaries, ...replicas.flat()]);
    } finally {
      await Promise.all(opened.map((each) => each.close()));
    }
  });
}

/** As ROLE names them. One that may not be asked, or is busy, has none that are known. */
async function replicasOf(send: Server['send']): Promise<string[]> {
  const role = await send(['ROLE']).catch(() => undefined);
  const [name, , replicas] = Array.isArray(role) ? role : [];
  if (name !== 'master' || !Array.isArray(replicas)) return [];
  return replicas.map(([host, port]) => `${host}:${port}`);
}

/** The same protocol, user and password at another address. */
function urlAt(base: string, address: string): string {
  const url = new URL(base);
  const colon = address.lastIndexOf(':');
  const host = address.slice(0, colon);
  url.host = `${host.includes(':') ? `[${host}]` : host}:${address.slice(colon + 1)}`;
  return url.href;
}

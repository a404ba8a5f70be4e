import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Setting } from '../config-file.js';
import type { ClientTls } from '../redis-server.js';
import { createAuthority } from './certificate.js';

export interface Tls {
  readonly client: ClientTls;
  /** Writes the server's certificate into its folder, and says the settings that use it. */
  settings(place: { directory: string; port: number }): readonly Setting[];
}

export function createTls(wanted: boolean | 'mutual' | undefined): Tls | undefined {
  if (!wanted) return undefined;
  const authority = createAuthority('redis-functions test authority');
  const server = authority.issue('localhost');
  const client = authority.issue('client');
  return {
    client: { ca: authority.cert, ...client },
    settings({ directory, port }) {
      const folder = join(directory, 'tls');
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      const file = (name: string, text: string) => {
        const path = join(folder, name);
        writeFileSync(path, text, { mode: 0o600 });
        return path;
      };
      return [
        ['port', 0],
        ['tls-port', port],
        ['tls-ca-cert-file', file('ca.crt', authority.cert)],
        ['tls-cert-file', file('server.crt', server.cert)],
        ['tls-key-file', file('server.key', server.key)],
        // servers among themselves
        ['tls-replication', 'yes'],
        ['tls-cluster', 'yes'],
        ['tls-auth-clients', wanted === 'mutual' ? 'yes' : 'optional'],
      ];
    },
  };
}

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A way to a server on which replies can be made late. */
export interface SlowLink {
  readonly port: number;
  /** Milliseconds; 0 at first. */
  delayMs: number;
  close(): void;
}

export async function openSlowLink(to: { readonly port: number }): Promise<SlowLink> {
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(to.port, '127.0.0.1');
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      // one that has ended ends the other
      socket.on('error', () => {}).on('close', () => [client, upstream].forEach((each) => void each.destroy()));
    }
    client.pipe(upstream);
    // a timer for each, so that they stay in their order
    upstream.on('data', (data) => setTimeout(() => client.write(data), link.delayMs));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const link: SlowLink = {
    port: (server.address() as AddressInfo).port,
    delayMs: 0,
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
  return link;
}

import type { AddressInfo } from 'node:net';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** A way to a server on which every reply can be made late. */
export class SlowLink {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** Of every connection: hands over what is held. */
  readonly #releases = new Set<() => void>();
  #delayMs = 0;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async to({ host, port }: { host: string; port: number }): Promise<SlowLink> {
    const server = createServer();
    const link = new SlowLink(server);
    server.on('connection', (client) => link.#join(client, connect(port, host)));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return link;
  }

  get url(): string {
    return `redis://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Of replies, in milliseconds. Those that are held when it ends arrive at once. */
  set delayMs(delayMs: number) {
    this.#delayMs = delayMs;
    if (delayMs === 0) for (const release of this.#releases) release();
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #join(client: Socket, server: Socket): void {
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
    client.on('data', (data) => server.write(data));

    // in the order in which they came: a client gives its replies to its commands in order
    const held: Buffer[] = [];
    const handOver = (count: number) => {
      for (const data of held.splice(0, count)) client.write(data);
    };
    const release = () => handOver(held.length);
    this.#releases.add(release);
    client.on('close', () => this.#releases.delete(release));
    server.on('data', (data) => {
      held.push(data);
      if (this.#delayMs === 0) release();
      else setTimeout(() => client.writable && handOver(1), this.#delayMs);
    });
  }
}

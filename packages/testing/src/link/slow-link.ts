import type { AddressInfo } from 'node:net';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** A reply on its way. */
interface Held {
  readonly data: Buffer;
  isDue: boolean;
}

/**
 * A way to a server on which every reply can be made late: for what a slow server or network does to an application,
 * which a paused server, that answers nothing at all, does not show.
 *
 * @example
 * const link = await SlowLink.to(redis);
 * const client = createClient({ url: link.url });
 * link.delayMs = 800;
 */
export class SlowLink {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** Of every connection: hands over what it holds. */
  readonly #releases = new Set<() => void>();
  #delayMs = 0;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** @param server - What `startRedis()` gave, or anything that listens there. TLS goes through as it is. */
  static async to({ host, port }: { readonly host: string; readonly port: number }): Promise<SlowLink> {
    const server = createServer();
    const link = new SlowLink(server);
    server.on('connection', (client) => link.#join(client, connect(port, host)));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return link;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Without a user or a password: add those of the server behind it, where it asks for them. */
  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** How late replies are, in milliseconds. Default: 0. Set to 0, what is held arrives at once. Their order stays. */
  get delayMs(): number {
    return this.#delayMs;
  }

  set delayMs(delayMs: number) {
    this.#delayMs = delayMs;
    if (delayMs === 0) for (const release of this.#releases) release();
  }

  /** Ends every connection that goes through it. */
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
    const held: Held[] = [];
    const handOver = () => {
      while (held[0]?.isDue) client.write((held.shift() as Held).data);
    };
    const release = () => {
      for (const each of held) each.isDue = true;
      handOver();
    };
    this.#releases.add(release);
    client.on('close', () => this.#releases.delete(release));
    server.on('data', (data) => {
      const reply: Held = { data, isDue: false };
      held.push(reply);
      if (this.#delayMs === 0) return release();
      setTimeout(() => {
        reply.isDue = true;
        if (client.writable) handOver();
      }, this.#delayMs).unref();
    });
  }
}

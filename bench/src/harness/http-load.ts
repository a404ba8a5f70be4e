import { connect, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

export interface Load {
  readonly requests: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

interface Connection {
  readonly socket: Socket;
  sentAt: number;
  /** Bytes of a response that came in pieces. */
  rest: string;
}

const END_OF_HEAD = '\r\n\r\n';

/**
 * Open connections that repeat one GET each, the next when the last is answered. Costs a small part of what a server spends
 * on a request: with two cores, a load generator of a full client would be what is measured.
 */
export class HttpLoad {
  readonly #connections: Connection[] = [];
  readonly #request: Buffer;
  #statusLine = '';
  #isRunning = false;
  #latencies: number[] = [];
  #failure: Error | undefined;

  private constructor(port: number, headers: Readonly<Record<string, string>>) {
    const lines = Object.entries({ Host: `127.0.0.1:${port}`, ...headers }).map(
      ([name, value]) => `${name}: ${value}\r\n`,
    );
    this.#request = Buffer.from(`GET / HTTP/1.1\r\n${lines.join('')}\r\n`);
  }

  static async open(port: number, count: number, headers: Readonly<Record<string, string>> = {}): Promise<HttpLoad> {
    const load = new HttpLoad(port, headers);
    for (let n = 0; n < count; n++) load.#connections.push(await load.#connect(port, n));
    return load;
  }

  /** @param status That every response must have. Default: any. @throws An error that shows another response. */
  async run(ms: number, status?: number): Promise<Load> {
    this.#statusLine = status === undefined ? 'HTTP/1.1 ' : `HTTP/1.1 ${status} `;
    this.#latencies = [];
    this.#isRunning = true;
    const started = performance.now();
    for (const connection of this.#connections) this.#send(connection);
    await wait(ms);
    this.#isRunning = false;
    const seconds = (performance.now() - started) / 1_000;
    const requests = this.#latencies.length;
    if (this.#failure) throw this.#failure;
    const sorted = Float64Array.from(this.#latencies).sort();
    const percentile = (part: number) => sorted[Math.floor((sorted.length - 1) * part)] ?? 0;
    // the last answers
    await wait(50);
    return { requests, perSecond: requests / seconds, p50Ms: percentile(0.5), p99Ms: percentile(0.99) };
  }

  close(): void {
    for (const { socket } of this.#connections) socket.destroy();
  }

  #send(connection: Connection): void {
    connection.sentAt = performance.now();
    connection.socket.write(this.#request);
  }

  /** Each connection is a client of its own: 127.0.0.1, 127.0.0.2 and so on, where the system has all of these. */
  async #connect(port: number, n: number): Promise<Connection> {
    const localAddress = process.platform === 'linux' ? { localAddress: `127.0.0.${n + 1}` } : {};
    const read = (length: number, bytes: Uint8Array) => {
      this.#read(connection, (bytes as Buffer).toString('latin1', 0, length));
      return true;
    };
    const onread = { buffer: Buffer.allocUnsafe(4_096), callback: read };
    const socket = connect({ port, host: '127.0.0.1', noDelay: true, onread, ...localAddress });
    const connection: Connection = { socket, sentAt: 0, rest: '' };
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    socket.on('error', (error) => this.#fail(error));
    return connection;
  }

  #read(connection: Connection, text: string): void {
    const received = connection.rest + text;
    const endOfHead = received.indexOf(END_OF_HEAD);
    const length = /content-length: (\d+)/i.exec(received)?.[1];
    if (endOfHead < 0 || received.length < endOfHead + END_OF_HEAD.length + Number(length)) {
      connection.rest = received;
      return;
    }
    connection.rest = '';
    if (!received.startsWith(this.#statusLine)) this.#fail(new Error(`Not ${this.#statusLine}, but ${received}`));
    this.#latencies.push(performance.now() - connection.sentAt);
    if (this.#isRunning) this.#send(connection);
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#isRunning = false;
  }
}

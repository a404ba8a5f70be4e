import { connect, type Socket } from 'node:net';

interface Message {
  readonly type: 'response' | 'event';
  readonly event?: string;
  readonly request_seq?: number;
  readonly success?: boolean;
  readonly message?: string;
  // biome-ignore lint/suspicious/noExplicitAny: what an editor reads of it, and a test looks at
  readonly body?: any;
}

/** An editor, as far as the protocol goes: requests, responses and events in frames over TCP. */
export class DapClient {
  readonly #socket: Socket;
  readonly #messages: Message[] = [];
  #waiting: (() => void)[] = [];
  #data = Buffer.alloc(0);
  #seq = 0;
  #seen = 0;

  constructor(port: number) {
    this.#socket = connect(port, '127.0.0.1');
    this.#socket.on('data', (chunk) => this.#take(chunk));
  }

  // biome-ignore lint/suspicious/noExplicitAny: see Message
  async request(command: string, args: object = {}): Promise<any> {
    const seq = this.send(command, args);
    const response = await this.#find((message) => message.request_seq === seq);
    if (!response.success) throw new Error(response.message);
    return response.body;
  }

  send(command: string, args: object = {}): number {
    const seq = ++this.#seq;
    const json = JSON.stringify({ seq, type: 'request', command, arguments: args });
    this.#socket.write(`Content-Length: ${Buffer.byteLength(json)}\r\n\r\n${json}`);
    return seq;
  }

  /** The next event of this name after the last one that was waited for. */
  // biome-ignore lint/suspicious/noExplicitAny: see Message
  async event(name: string): Promise<any> {
    const found = await this.#find((message, i) => i >= this.#seen && message.event === name);
    this.#seen = this.#messages.indexOf(found) + 1;
    return found.body;
  }

  get outputs(): string {
    return this.#messages.flatMap(({ event, body }) => (event === 'output' ? [body.output] : [])).join('');
  }

  close(): void {
    this.#socket.destroy();
  }

  async #find(matches: (message: Message, i: number) => boolean): Promise<Message> {
    for (;;) {
      const found = this.#messages.find(matches);
      if (found) return found;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  #take(chunk: Buffer): void {
    this.#data = Buffer.concat([this.#data, chunk]);
    for (;;) {
      const [frame, length] = /^Content-Length: (\d+)\r\n\r\n/.exec(this.#data.toString('latin1')) ?? [];
      const end = (frame?.length ?? 0) + Number(length);
      if (frame === undefined || this.#data.length < end) break;
      this.#messages.push(JSON.parse(this.#data.toString('utf8', frame.length, end)));
      this.#data = this.#data.subarray(end);
    }
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

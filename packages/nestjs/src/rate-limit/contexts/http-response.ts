import type { EventEmitter } from 'node:events';

/** Node's own response, which Express adds to, or Fastify's reply, which has it in `raw`. */
interface GivenResponse {
  readonly raw?: RawResponse;
  getHeader(name: string): unknown;
  setHeader?(name: string, value: string): unknown;
  header?(name: string, value: string): unknown;
}

interface RawResponse extends Pick<EventEmitter, 'once'> {
  readonly headersSent: boolean;
  readonly destroyed: boolean;
  readonly writableFinished: boolean;
  getHeader(name: string): unknown;
}

/** A response of Express or Fastify. */
export class HttpResponse {
  /** The same object for all that is decided about one request. */
  readonly identity: object;
  readonly #given: GivenResponse;
  readonly #raw: RawResponse;

  private constructor(given: GivenResponse, raw: RawResponse) {
    this.#given = given;
    this.#raw = raw;
    this.identity = raw;
  }

  /** Undefined for what is not a response. */
  static from(value: unknown): HttpResponse | undefined {
    if (typeof value !== 'object' || value === null) return undefined;
    const given = value as GivenResponse;
    const raw = given.raw ?? (value as RawResponse);
    if (typeof given.getHeader !== 'function' || typeof raw.once !== 'function') return undefined;
    if (typeof given.setHeader !== 'function' && typeof given.header !== 'function') return undefined;
    return new HttpResponse(given, raw);
  }

  /** Header fields have left, and nothing can be added. */
  get isSent(): boolean {
    return this.#raw.headersSent;
  }

  getHeader(name: string): string | undefined {
    // middleware that runs before Fastify's reply is made writes to what is under it
    const value = this.#given.getHeader(name) ?? this.#raw.getHeader(name);
    return value === undefined ? undefined : String(value);
  }

  setHeader(name: string, value: string): void {
    if (this.#given.setHeader) this.#given.setHeader(name, value);
    else this.#given.header?.(name, value);
  }

  /** Calls when the response is finished or its connection is closed; possibly twice. */
  onEnd(end: () => void): void {
    // the client may have gone while the decision was on its way: that event does not come again
    if (this.#raw.destroyed || this.#raw.writableFinished) end();
    else {
      this.#raw.once('finish', end);
      this.#raw.once('close', end);
    }
  }
}

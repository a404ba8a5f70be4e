import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';

/** Headers that describe an answer, and not the one that takes its place. */
const OF_ANSWER =
  /^(?:content-(?:type|length|encoding|disposition|range|language|location)|etag|last-modified|location|accept-ranges|cache-control)$/;

/** Status and headers of a response as they are when this is made. */
export class Answer {
  readonly #response: ServerResponse;
  readonly #statusCode: number;
  readonly #statusMessage: string;
  readonly #headers: OutgoingHttpHeaders;

  constructor(response: ServerResponse) {
    this.#response = response;
    this.#statusCode = response.statusCode;
    this.#statusMessage = response.statusMessage;
    this.#headers = response.getHeaders();
  }

  /** Undoes what was set since. */
  restore(): void {
    const response = this.#response;
    for (const name of response.getHeaderNames()) if (!(name in this.#headers)) response.removeHeader(name);
    for (const [name, value] of Object.entries(this.#headers)) {
      // what is as it was keeps its capital letters
      if (value !== undefined && response.getHeader(name) !== value) response.setHeader(name, value);
    }
    response.statusCode = this.#statusCode;
    response.statusMessage = this.#statusMessage;
  }

  /** Makes room for another answer. */
  discard(): void {
    const response = this.#response;
    for (const name of response.getHeaderNames()) if (OF_ANSWER.test(name)) response.removeHeader(name);
    response.statusCode = 200;
  }
}

import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { Answer } from './answer.js';

/** What happens between a handler that answers and the answer. */
export interface BeforeResponse {
  /** What must be done before the head goes out; undefined for nothing, and then nothing waits. Asked again after it. */
  work(): Promise<void> | undefined;
  /** The last chance to set a header. */
  head(): void;
  /** The work failed: what was written is dropped, and nothing has been sent. */
  failed(error: unknown): void;
}

type Originals = Pick<ServerResponse, 'writeHead' | 'flushHeaders' | 'write' | 'end'>;

/**
 * Keeps a response back until work is done: the client must not see an answer before what it says is true. What is
 * written meanwhile waits in order. The first answer counts, as it was when it was given: what an error handler adds after
 * it changes nothing, just as nothing could be added without the wait.
 */
export class HeldResponse {
  readonly #response: ServerResponse;
  readonly #before: BeforeResponse;
  readonly #original: Originals;
  #state: 'idle' | 'held' | 'open' = 'idle';
  #waiting: (() => void)[] = [];
  #headWaits = false;
  #ended = false;

  constructor(response: ServerResponse, before: BeforeResponse) {
    this.#response = response;
    this.#before = before;
    const { writeHead, flushHeaders, write, end } = response;
    this.#original = { writeHead, flushHeaders, write, end };
    response.writeHead = ((...args: unknown[]) => this.#writeHead(args)) as ServerResponse['writeHead'];
    response.write = ((...args: unknown[]) => this.#write(args)) as ServerResponse['write'];
    response.end = ((...args: unknown[]) => this.#end(args)) as ServerResponse['end'];
    response.flushHeaders = () => this.#flushHeaders();
  }

  #writeHead(args: unknown[]): ServerResponse {
    const step = () => this.#sendHead(args);
    // compression asks for the head again while the first request for it seems to have had no effect
    if (this.#state === 'held' && this.#headWaits) return this.#response;
    this.#headWaits = true;
    if (this.#mayPass(step)) step();
    return this.#response;
  }

  #write(args: unknown[]): boolean {
    const step = () => this.#call('write', args) as boolean;
    return this.#mayPass(step) ? step() : false;
  }

  #end(args: unknown[]): ServerResponse {
    const step = () => void this.#call('end', args);
    if (this.#mayPass(step)) step();
    this.#ended = true;
    return this.#response;
  }

  #flushHeaders(): void {
    const step = () => void this.#call('flushHeaders', []);
    if (this.#mayPass(step)) step();
  }

  /** False for a step that has to wait, or comes after the end. */
  #mayPass(step: () => void): boolean {
    if (this.#state === 'idle') {
      const work = this.#before.work();
      this.#state = work === undefined ? 'open' : 'held';
      if (work !== undefined) void this.#hold(work);
    }
    if (this.#state === 'open') return true;
    if (!this.#ended) this.#waiting.push(step);
    return false;
  }

  async #hold(work: Promise<void>): Promise<void> {
    const response = this.#response;
    const answer = new Answer(response);
    try {
      for (let next: Promise<void> | undefined = work; next !== undefined; next = this.#before.work()) await next;
      this.#state = 'open';
      answer.restore();
      for (const step of this.#waiting.splice(0)) step();
      // whoever pipes into the response was told to wait
      if (!this.#ended) response.emit('drain');
    } catch (error) {
      this.#reset();
      if (!response.headersSent) answer.discard();
      this.#before.failed(error);
    }
  }

  /** For the answer of an error handler, which may want to change something as well. */
  #reset(): void {
    this.#state = 'idle';
    this.#waiting = [];
    this.#headWaits = false;
    this.#ended = false;
  }

  #sendHead(args: unknown[]): void {
    if (!this.#response.headersSent) {
      const headers = args.at(-1);
      if (isHeaders(headers)) {
        // set one by one, so that what is set below joins them
        for (const [name, value] of Object.entries(headers)) {
          if (value !== undefined) this.#response.setHeader(name, value);
        }
        args = args.slice(0, -1);
      }
      this.#before.head();
    }
    this.#call('writeHead', args);
  }

  #call(method: keyof Originals, args: unknown[]): unknown {
    return Reflect.apply(this.#original[method], this.#response, args);
  }
}

function isHeaders(value: unknown): value is OutgoingHttpHeaders {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

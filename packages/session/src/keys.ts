import type { Keys } from './library.js';
import type { Place } from './token.js';

/** The keys of a session. The tag comes first: a user's index and sessions share a slot. */
export class SessionKeys {
  readonly #prefix: string;

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  /** What the functions of one session take: its hash and the index of its user. */
  of({ tag, handle }: Place): Keys {
    return [this.session(tag, handle), this.index(tag)];
  }

  session(tag: string, handle: string): string {
    return `${this.#prefix}:{${tag}}:s:${handle}`;
  }

  /** What lives of a user. A guest has none; their sessions name one all the same, and it stays empty. */
  index(tag: string): string {
    return `${this.#prefix}:{${tag}}:u`;
  }

  /** A part of the sessions whose end somebody wants to hear of. */
  expected(part: number): string {
    return `${this.#prefix}:{e:${part}}`;
  }
}

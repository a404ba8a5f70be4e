/** The keys of a session. The tag comes first: a user's index and sessions share a slot. */
export class SessionKeys {
  readonly #prefix: string;

  constructor(prefix: string) {
    this.#prefix = prefix;
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

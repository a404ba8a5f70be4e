/** An error that the server answers. */
export class ServerError extends Error {
  override readonly name = 'ServerError';
}

/** A reply of RESP2. */
export type Reply = string | number | null | ServerError | readonly Reply[];

/** Reads replies out of what arrives, in whatever pieces it does. */
export class ReplyReader {
  #chunks: Buffer[] = [];
  #size = 0;
  #reading = this.#readReply();

  /** @returns The replies that are whole now. @throws Error for what is not RESP2. */
  push(chunk: Buffer): Reply[] {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    const replies: Reply[] = [];
    for (;;) {
      const { done, value } = this.#reading.next();
      if (!done) return replies;
      replies.push(value);
      this.#reading = this.#readReply();
    }
  }

  *#readReply(): Generator<undefined, Reply> {
    const line = yield* this.#line();
    const rest = line.slice(1);
    switch (line[0]) {
      case '+':
        return rest;
      case '-':
        return new ServerError(rest);
      case ':':
        return Number(rest);
      case '$': {
        const length = toLength(rest);
        if (length < 0) return null;
        return (yield* this.#bytes(length + 2)).toString('utf8', 0, length);
      }
      case '*': {
        const length = toLength(rest);
        if (length < 0) return null;
        const items: Reply[] = [];
        while (items.length < length) items.push(yield* this.#readReply());
        return items;
      }
      default:
        throw new Error(`It answers ${JSON.stringify(line.slice(0, 40))}, which is not the protocol of Redis.`);
    }
  }

  *#line(): Generator<undefined, string> {
    for (let searched = 0; ; ) {
      const [first = Buffer.alloc(0)] = this.#joined();
      const end = first.indexOf('\r\n', Math.max(0, searched - 1));
      if (end >= 0) return (yield* this.#bytes(end + 2)).toString('utf8', 0, end);
      searched = first.length;
      yield;
    }
  }

  *#bytes(length: number): Generator<undefined, Buffer> {
    while (this.#size < length) yield;
    const [all = Buffer.alloc(0)] = this.#joined();
    this.#chunks = [all.subarray(length)];
    this.#size -= length;
    return all.subarray(0, length);
  }

  #joined(): Buffer[] {
    if (this.#chunks.length > 1) this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks;
  }
}

function toLength(text: string): number {
  const length = Number(text);
  if (!Number.isInteger(length)) throw new Error(`It gives "${text.slice(0, 40)}" as a length.`);
  return length;
}

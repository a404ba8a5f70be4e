import type { Connection } from '../server/connection.js';
import type { RedisNode } from '../server/redis-node.js';

/** Asks several servers several times: one connection each, opened when first needed, all closed at the end. */
export class Inquiry {
  readonly #connections = new Map<RedisNode, Promise<Connection>>();

  async ask(node: RedisNode, ...command: string[]): Promise<unknown> {
    const connection = this.#connections.get(node) ?? node.connect();
    this.#connections.set(node, connection);
    try {
      return await (await connection).send(...command);
    } catch (error) {
      // a refusal of the command costs a reconnect too, which does no harm
      this.#connections.delete(node);
      connection.then(({ close }) => close()).catch(() => {});
      throw error;
    }
  }

  async askText(node: RedisNode, ...command: string[]): Promise<string> {
    return String(await this.ask(node, ...command));
  }

  close(): void {
    for (const connection of this.#connections.values()) connection.then(({ close }) => close()).catch(() => {});
  }
}

export async function withInquiry<Result>(use: (inquiry: Inquiry) => Promise<Result>): Promise<Result> {
  const inquiry = new Inquiry();
  try {
    return await use(inquiry);
  } finally {
    inquiry.close();
  }
}

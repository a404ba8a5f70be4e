import { KINDS } from './models.js';
import type { TimedServer } from './server.js';
import type { Client, Traffic } from './traffic.js';

/** Requests that ask several policies for the same, all or nothing. */
interface Group {
  /** As they were then: limits change while the answer is on its way. */
  readonly clients: readonly Readonly<Pick<Client, 'kind' | 'keys' | 'limit' | 'windowMs'>>[];
  readonly count: number;
  readonly cost: number;
  readonly lease: string;
}

/** What a group is answered. */
interface Answer {
  readonly granted: number;
  readonly left: readonly number[];
}

/** Many groups of one moment, that may ask for the same client again and again. */
export class ModelBatch {
  readonly #groups: Group[] = [];
  readonly expected: Answer[] = [];
  readonly #traffic: Traffic;

  constructor(traffic: Traffic, id: number) {
    this.#traffic = traffic;
    const size = 1 + traffic.below(40);
    for (let index = 0; index < size; index++) this.#add(`${id}-${index}`);
  }

  get decisions(): number {
    return this.#groups.reduce((sum, { count }) => sum + count, 0);
  }

  async ask(server: TimedServer, now: bigint): Promise<Answer[]> {
    const keys = this.#groups.flatMap(({ clients }) => clients.flatMap((client) => client.keys));
    const texts = this.#groups.map(({ clients }) =>
      clients.map(({ kind, limit, windowMs }) => `${KINDS[kind].code} ${limit} ${windowMs} 0`).join(' '),
    );
    const sets = [...new Set(texts)];
    const runs = this.#groups.flatMap(({ clients, count, cost, lease }, index) => {
      const hasLeases = clients.some(({ kind }) => kind === 'concurrency');
      return [`1 ${sets.indexOf(texts[index] as string) + 1} ${count} ${cost}`, ...(hasLeases ? [lease] : [])];
    });
    const repeats = new Set(keys).size < keys.length ? '1' : '0';
    const reply = await server.call(now, 'ratelimiter_decide', keys, [sets.length, repeats, ...sets, ...runs]);
    return this.#read(reply);
  }

  /** @throws Where the reply is not that of the shipped contract. */
  #read([now, ...numbers]: number[]): Answer[] {
    if (BigInt(now as number) !== this.#now) throw new Error(`decided at ${now}, asked for ${this.#now}`);
    let at = 0;
    return this.#groups.map(({ clients }) => {
      const first = numbers[at] as number;
      const isShort = first >= 0;
      const left = clients.map(({ limit, windowMs }, index) => {
        if (!isShort) return numbers[at + 1 + 3 * index] as number;
        const fullInMs = numbers[at + 1 + index] as number;
        return Math.max(0, Math.floor((windowMs - fullInMs) / (windowMs / limit)));
      });
      at += 1 + (isShort ? clients.length : 3 * clients.length);
      return { granted: isShort ? first : -2 - first, left };
    });
  }

  #now = 0n;

  #add(lease: string): void {
    const traffic = this.#traffic;
    this.#now = traffic.now;
    const [first, second] = [traffic.any(), traffic.any()];
    const clients = traffic.below(3) === 0 && first !== second ? [first, second] : [first];
    const hasLeases = clients.some(({ kind }) => kind === 'concurrency');
    const count = hasLeases ? 1 : 1 + traffic.below(4);
    const cost = Math.min(...clients.map((client) => traffic.costOf(client)));
    let granted = 0;
    for (let request = 0; request < count; request++) {
      if (!clients.every((client) => client.model.fits(traffic.at(client), cost))) break;
      for (const client of clients) {
        client.model.take(traffic.at(client), cost, lease);
        if (client.kind === 'concurrency') client.leases.push(lease);
      }
      granted += 1;
    }
    const asked = clients.map(({ kind, keys, limit, windowMs }) => ({ kind, keys, limit, windowMs }));
    this.#groups.push({ clients: asked, count, cost, lease });
    this.expected.push({ granted, left: clients.map((client) => client.model.left(traffic.at(client))) });
  }
}

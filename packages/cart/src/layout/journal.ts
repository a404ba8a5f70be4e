import { named } from '../faults.js';
import type { JournalKind } from '../keys.js';
import type { CartConfiguration } from '../options.js';
import { toText } from '../replies.js';

/** So many keys: no single server of a cluster has them all. */
const PARTS = 16;
const AT_ONCE = 100;

/**
 * What somebody has to look at later, in the layout `split`: it is noted before the first step that must not be forgotten,
 * so nothing is missed when a process dies in the middle.
 */
export class Journal {
  readonly #config: CartConfiguration;
  readonly #kind: JournalKind;

  constructor(config: CartConfiguration, kind: JournalKind) {
    this.#config = config;
    this.#kind = kind;
  }

  async note(entry: string, afterMs: number): Promise<void> {
    const { library, keepMs } = this.#config;
    await named(library.note({ keys: [this.keyOf(entry)], args: [entry, afterMs, keepMs] }));
  }

  async forget(entry: string): Promise<void> {
    await named(this.#config.library.forget({ keys: [this.keyOf(entry)], args: [entry] }));
  }

  /** Looks at everything whose time has come. @returns How often `look` said true. */
  async each(look: (entry: string) => Promise<boolean>): Promise<number> {
    const counts = await Promise.all(Array.from({ length: PARTS }, (_, part) => this.#eachOf(part, look)));
    return counts.reduce((sum, count) => sum + count, 0);
  }

  /** The part that an entry is in. */
  partOf(entry: string): number {
    let sum = 0;
    for (const byte of Buffer.from(entry)) sum = (sum * 31 + byte) % 65_521;
    return sum % PARTS;
  }

  keyOf(entry: string): string {
    return this.#config.keys.journal(this.#kind, this.partOf(entry));
  }

  async #eachOf(part: number, look: (entry: string) => Promise<boolean>): Promise<number> {
    const { library, keys } = this.#config;
    const key = keys.journal(this.#kind, part);
    const [, ...entries] = await named(library.due({ keys: [key], args: [AT_ONCE] }));
    const looked = await Promise.all(entries.map((entry) => look(toText(entry))));
    const count = looked.filter(Boolean).length;
    // what stays in the index is looked at the next time, not again at once
    return entries.length === AT_ONCE && count === AT_ONCE ? count + (await this.#eachOf(part, look)) : count;
  }
}

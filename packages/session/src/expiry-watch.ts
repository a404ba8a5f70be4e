import type { SessionEvent } from './events.js';
import type { Configuration } from './options.js';
import type { Place } from './token.js';

/** So many keys hold the sessions that are watched: no single one of a cluster's servers has them all. */
const PARTS = 16;
/** Looked at in one go, per part. */
const AT_ONCE = 100;
/** After so long without word, another process looks at a session again. */
const LEASE_MS = 60_000;

/**
 * Finds sessions that have expired. Each is noted before it is made, with the time of its first possible end; only then
 * somebody looks whether it lives on. So nothing is written when a session is used, nothing is missed when a process dies,
 * and nothing depends on keyspace notifications, which get lost.
 */
export class ExpiryWatch {
  readonly #config: Configuration;
  readonly #onExpired: (event: SessionEvent) => void;
  readonly #onFailed: (error: Error) => void;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(config: Configuration, onExpired: (event: SessionEvent) => void, onFailed: (error: Error) => void) {
    this.#config = config;
    this.#onExpired = onExpired;
    this.#onFailed = onFailed;
    this.#lookLater();
  }

  /** Before the session is made: one that nobody made is found gone, and told of as such. */
  async expect(place: Place, userId: string | null, expiresAt: number): Promise<void> {
    await this.#config.library.expect(this.#keyOf(place.handle), expiresAt, toEntry(place, userId));
  }

  /** Sessions that were ended, and whose end needs no telling. What fails here is found by the next look. */
  async forget(sessions: readonly { readonly place: Place; readonly userId: string | null }[]): Promise<void> {
    const byKey = new Map<string, string[]>();
    for (const { place, userId } of sessions) {
      const key = this.#keyOf(place.handle);
      byKey.set(key, [...(byKey.get(key) ?? []), toEntry(place, userId)]);
    }
    await Promise.all(
      [...byKey].map(([key, entries]) => this.#config.library.drop(key, entries).catch(this.#onFailed)),
    );
  }

  async count(): Promise<number> {
    const counts = await Promise.all(this.#keys().map((key) => this.#config.library.expected(key)));
    return counts.reduce((sum, count) => sum + count, 0);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#looking;
  }

  #lookLater(): void {
    if (this.#isClosed) return;
    this.#timer = setTimeout(() => {
      this.#looking = this.#look()
        .catch(this.#onFailed)
        .then(() => this.#lookLater());
    }, this.#config.lookEveryMs);
    // a process that has nothing else to do may end
    this.#timer.unref();
  }

  async #look(): Promise<void> {
    for (const key of this.#keys()) {
      let entries: readonly string[];
      do {
        entries = await this.#config.library.due(key, AT_ONCE, LEASE_MS);
        await Promise.all(entries.map((entry) => this.#lookAt(key, entry)));
      } while (entries.length === AT_ONCE && !this.#isClosed);
    }
  }

  async #lookAt(key: string, entry: string): Promise<void> {
    const { library, keys } = this.#config;
    const { tag, handle, userId } = fromEntry(entry);
    const expiry = await library.expiry(keys.of({ tag, handle }), handle);
    if (typeof expiry === 'number') return library.expect(key, expiry, entry);
    // first told, then forgotten: whoever dies in between leaves it to be told again
    if (expiry === 'GONE') this.#onExpired({ handle, userId });
    await library.drop(key, [entry]);
  }

  #keys(): string[] {
    return Array.from({ length: PARTS }, (_, part) => this.#config.keys.expected(part));
  }

  #keyOf(handle: string): string {
    return this.#config.keys.expected(Buffer.from(handle.slice(0, 2), 'base64url').readUInt8() % PARTS);
  }
}

function toEntry({ tag, handle }: Place, userId: string | null): string {
  return `${tag}.${handle}.${userId ?? ''}`;
}

function fromEntry(entry: string): Place & { userId: string | null } {
  const [tag = '', handle = '', ...rest] = entry.split('.');
  return { tag, handle, userId: rest.join('.') || null };
}

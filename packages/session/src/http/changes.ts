import type { SessionData } from '../session.js';

/** Keys of a session's data and their new values; `undefined` removes a key. */
export type RequestChanges = { readonly [Key in keyof SessionData]?: SessionData[Key] | undefined };

/** Some keys of a session's data to set, and some to remove; none of them twice. */
export interface Patch {
  readonly set: SessionData;
  readonly remove: readonly string[];
}

/** What a request wants to be different in its session: the last word on a key counts. */
export class Changes {
  #byKey = new Map<string, unknown>();

  get isEmpty(): boolean {
    return this.#byKey.size === 0;
  }

  add(changes: RequestChanges): void {
    for (const [key, value] of Object.entries(changes)) this.#byKey.set(key, value);
  }

  take(): Patch {
    const patch = this.#toPatch();
    this.#byKey = new Map();
    return patch;
  }

  appliedTo(data: SessionData): SessionData {
    return apply(this.#toPatch(), data);
  }

  #toPatch(): Patch {
    return toPatch(Object.fromEntries(this.#byKey));
  }
}

/** Values that are `undefined` remove their key. */
export function toPatch(changes: RequestChanges): Patch {
  const entries = Object.entries(changes);
  return {
    set: Object.fromEntries(entries.filter(([, value]) => value !== undefined)),
    remove: entries.filter(([, value]) => value === undefined).map(([key]) => key),
  };
}

export function apply({ set, remove }: Patch, data: SessionData): SessionData {
  const all = { ...data, ...set };
  return Object.fromEntries(Object.entries(all).filter(([key]) => !remove.includes(key)));
}

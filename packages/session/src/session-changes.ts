import { assertVersion } from './checks.js';
import { type Fields, fromFields, toField, toFields, toJson, tooLarge } from './data.js';
import { SessionError } from './errors.js';
import { invalid } from './json.js';
import type { Configuration } from './options.js';
import type { SessionData } from './session.js';
import { hashSecret, parseToken, type Token } from './token.js';

export interface PatchOptions {
  /** Keys to remove. */
  remove?: readonly string[];
  /** Change only what has not been changed since this version was read. */
  expectedVersion?: number;
}

export interface AppendOptions {
  /** Items that the list may have. Default: as many as fit. */
  mostItems?: number;
}

/** Changes of the data that are made in the server, so that none is lost to another. */
export class SessionChanges {
  readonly #config: Configuration;

  constructor(config: Configuration) {
    this.#config = config;
  }

  /** Throws for what no session can hold; asks nothing of Redis. */
  encode(changes: SessionData, remove: readonly string[] = []): { set: Fields; remove: string[] } {
    const set = toFields(changes, this.#config.maxDataBytes);
    const both = remove.find((key) => Object.hasOwn(changes, key));
    if (both !== undefined) throw invalid(`${both} is to be set and removed at once. Choose one.`);
    return { set, remove: remove.map(toField) };
  }

  async patch(token: string, changes: SessionData, { remove = [], expectedVersion }: PatchOptions) {
    const { library, keys, maxDataBytes: mostBytes } = this.#config;
    const fields = this.encode(changes, remove);
    assertVersion(expectedVersion);
    const parsed = parseToken(token);
    if (!parsed) return null;
    const patch = { ...fields, expectedVersion, mostBytes };
    const reply = await library.patch(keys.of(parsed), hashSecret(parsed.secret), patch);
    if (reply.code === 'GONE') return null;
    if (reply.code === 'OK') return reply.version;
    if (reply.code === 'TOO_LARGE') throw tooLarge(reply.bytes, mostBytes);
    throw new SessionError(
      'VERSION_CONFLICT',
      `The session has version ${reply.version}, not ${expectedVersion}: somebody else changed it. Read it again first.`,
    );
  }

  /** However large the session becomes by it. @returns Its version; null where it is over. */
  async patchAll(token: Token, changes: SessionData, remove: readonly string[]): Promise<number | null> {
    const { library, keys } = this.#config;
    const patch = { ...this.encode(changes, remove), expectedVersion: undefined, mostBytes: 0 };
    const reply = await library.patch(keys.of(token), hashSecret(token.secret), patch);
    return reply.code === 'OK' ? reply.version : null;
  }

  async increment(token: string, key: string, by: number): Promise<number | null> {
    const { library, keys, maxDataBytes } = this.#config;
    const field = toField(key);
    if (!Number.isSafeInteger(by)) throw invalid(`What is to be added to ${key} is ${by}. Give a whole number.`);
    const parsed = parseToken(token);
    if (!parsed) return null;
    const reply = await library.increment(keys.of(parsed), hashSecret(parsed.secret), maxDataBytes, field, by);
    if (reply.code === 'OK') return reply.value;
    if (reply.code === 'GONE') return null;
    if (reply.code === 'TOO_LARGE') throw tooLarge(reply.bytes, maxDataBytes);
    throw new SessionError('NOT_A_NUMBER', `${key} is no whole number, or would be too large for one. Set it first.`);
  }

  async append(token: string, key: string, item: unknown, { mostItems = 0 }: AppendOptions): Promise<number | null> {
    const { library, keys, maxDataBytes } = this.#config;
    const [field, json] = [toField(key), toJson(key, item)];
    if (!Number.isSafeInteger(mostItems) || mostItems < 0)
      throw invalid('mostItems is no number of items. Give 1 or more.');
    const parsed = parseToken(token);
    if (!parsed) return null;
    const secretHash = hashSecret(parsed.secret);
    const reply = await library.append(keys.of(parsed), secretHash, maxDataBytes, field, mostItems, json);
    if (reply.code === 'OK') return reply.items;
    if (reply.code === 'GONE') return null;
    if (reply.code === 'TOO_LARGE') throw tooLarge(reply.bytes, maxDataBytes);
    if (reply.code === 'FULL') {
      throw new SessionError('LIST_FULL', `${key} has ${reply.items} items already. Remove some first.`);
    }
    throw new SessionError('NOT_A_LIST', `${key} is not a list. Set it to one first.`);
  }

  async pop(token: string, names: readonly string[]): Promise<SessionData | null> {
    const { library, keys } = this.#config;
    const fields = names.map(toField);
    const parsed = parseToken(token);
    if (!parsed) return null;
    const popped = await library.pop(keys.of(parsed), hashSecret(parsed.secret), fields);
    return popped && fromFields(popped).data;
  }
}

import { createHash } from 'node:crypto';
import { serialize } from 'node:v8';
import { SessionError, type StoredFields } from '@redis-functions/session';
import type { StoredSession } from './express-session.js';
import type { SessionSerializer } from './options.js';

const COOKIE = 'c';
const DATA = 'd:';

/** Turns sessions into the fields that the server keeps, one per key, and back. */
export class SessionFields {
  readonly #serializer: SessionSerializer;

  constructor(serializer: SessionSerializer) {
    this.#serializer = serializer;
  }

  /** @throws SessionError `INVALID_SESSION_DATA` for what cannot be kept. */
  of(session: StoredSession): StoredFields {
    const fields = new Map<string, string>();
    for (const [key, value] of Object.entries(session)) {
      const text = this.#toText(key, value);
      // what JSON has no text for is left out, as it leaves it out itself
      if (text !== undefined) fields.set(fieldOf(key), text);
    }
    return fields;
  }

  /** What changes of a value show in, where its text is another one each time, as with encryption. */
  marksOf(session: StoredSession, fields: StoredFields): StoredFields {
    if (this.#serializer === JSON) return fields;
    return new Map([...fields].map(([field]) => [field, markOf((session as never)[keyOf(field)])]));
  }

  async parse(fields: StoredFields): Promise<StoredSession> {
    const entries = await Promise.all(
      [...fields].map(async ([field, text]) => [keyOf(field), await this.#toValue(keyOf(field), text)] as const),
    );
    // a key called __proto__ is a key like any other
    return Object.fromEntries(entries) as unknown as StoredSession;
  }

  /** What connect-redis has written. */
  async parseText(text: string): Promise<StoredSession> {
    return this.#serializer.parse(text);
  }

  #toText(key: string, value: unknown): string | undefined {
    // without a UTF-8 form: two different ones would become one field
    if (/\p{Surrogate}/u.test(key)) {
      throw invalid(`A key of the session has half a surrogate pair. Use whole characters.`);
    }
    try {
      return this.#serializer === JSON
        ? JSON.stringify(value)
        : this.#serializer.stringify({ [key]: value } as unknown as StoredSession);
    } catch (cause) {
      throw invalid(
        `${key} cannot be kept (${cause instanceof Error ? cause.message : cause}). Give what JSON keeps.`,
        cause,
      );
    }
  }

  async #toValue(key: string, text: string): Promise<unknown> {
    if (this.#serializer === JSON) return JSON.parse(text);
    return ((await this.#serializer.parse(text)) as never)[key];
  }
}

/** Of a text of connect-redis: by it the server knows whether it is still the one that was read. */
export function digestOf(text: string): string {
  return createHash('sha1').update(text).digest('hex');
}

/** What of a session became another one: `before` is what was read, as marks. */
export function changesOf(fields: StoredFields, marks: StoredFields, before: StoredFields) {
  const changed = [...fields].filter(([field]) => marks.get(field) !== before.get(field));
  const set = new Map(changed);
  const rest = new Map([...fields].filter(([field]) => !set.has(field)));
  const remove = [...before.keys()].filter((field) => !fields.has(field));
  return { set, rest, remove };
}

export function keyOf(field: string): string {
  return field === COOKIE ? 'cookie' : field.slice(DATA.length);
}

function fieldOf(key: string): string {
  return key === 'cookie' ? COOKIE : `${DATA}${key}`;
}

function markOf(value: unknown): string {
  try {
    return createHash('sha1').update(serialize(value)).digest('base64');
  } catch {
    // what cannot be compared counts as changed
    return '';
  }
}

function invalid(message: string, cause?: unknown): SessionError {
  return new SessionError('INVALID_SESSION_DATA', message, cause === undefined ? {} : { cause });
}

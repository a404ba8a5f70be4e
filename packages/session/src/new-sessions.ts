import type { Announcements } from './announcements.js';
import { assertUserId } from './checks.js';
import { deviceFields, toFields } from './data.js';
import { SessionError } from './errors.js';
import { login } from './login.js';
import type { Configuration } from './options.js';
import type { CreatedSession, DeviceInfo, Session, SessionData } from './session.js';
import type { SessionAccess } from './session-access.js';
import type { SessionChanges } from './session-changes.js';
import { toSession } from './stored.js';
import { formatToken, guestTag, hashSecret, makeToken, parseToken, type Token, userTag } from './token.js';

export interface LoginOptions {
  /** Joins what a guest's session had; the same key wins over it. */
  data?: SessionData;
  /** Where it is made, for lists of devices. Default: nothing is kept of it. */
  device?: DeviceInfo;
}

/** Makes sessions: of guests, of users, and of guests who become users. */
export class NewSessions {
  readonly #config: Configuration;
  readonly #news: Announcements;
  readonly #access: SessionAccess;
  readonly #changes: SessionChanges;

  constructor(config: Configuration, news: Announcements, access: SessionAccess, changes: SessionChanges) {
    this.#config = config;
    this.#news = news;
    this.#access = access;
    this.#changes = changes;
  }

  /** @param replaced A session of the same user that ends in the same moment. */
  async create(
    userId: string | null,
    data: SessionData,
    device: DeviceInfo,
    replaced?: Token,
  ): Promise<CreatedSession> {
    const { library, keys, idleMs, absoluteMs, limit, atLimit, maxDataBytes, routingKeys, namespace } = this.#config;
    if (userId !== null) assertUserId(userId);
    const fields = [...toFields(data, maxDataBytes), ...deviceFields(device)];
    const token = makeToken(userId === null ? guestTag() : userTag(routingKeys[0], namespace, userId));
    const { tag, handle } = token;
    const secretHash = hashSecret(token.secret);
    const session = { handle, secretHash, userId: userId ?? '', idleMs, absoluteMs, limit, atLimit, fields };
    // by this clock, which is only for when to look first
    await this.#news.expect(token, userId, Date.now() + Math.min(idleMs, absoluteMs));
    const reply = await library.create(
      keys.of(token),
      session,
      replaced && keys.session(replaced.tag, replaced.handle),
    );
    if (reply.code !== 'OK') {
      await this.#news.forget([token], userId);
      throw refusal(reply.code, limit);
    }
    const { createdAt, expiresAt, evicted } = reply;
    this.#news.tell('created', { handle, userId });
    if (replaced) await this.#news.ended([replaced], userId, 'replaced');
    await this.#news.evicted(
      evicted.map((gone) => ({ tag, handle: gone })),
      userId,
      handle,
    );
    const times = { createdAt, lastSeenAt: createdAt, expiresAt, readAt: createdAt };
    const stored = { handle, userId: userId ?? '', ...times, version: 1, fields: new Map(fields) };
    return { token: formatToken(token), session: toSession(stored), evicted };
  }

  async login(token: string | null, userId: string, { data = {}, device = {} }: LoginOptions): Promise<CreatedSession> {
    assertUserId(userId);
    this.#changes.encode(data);
    const { routingKeys, namespace } = this.#config;
    const steps = {
      read: (old: Token) => this.#access.get(old),
      take: (old: Token) => this.#access.take(old),
      create: (user: string, all: SessionData, of: DeviceInfo) => this.create(user, all, of),
      replace: (old: Token, before: Session, own: SessionData, of: DeviceInfo) => this.#replace(old, before, own, of),
      isNear: (old: Token, user: string) => userTag(routingKeys[0], namespace, user) === old.tag,
      change: (made: Token, set: SessionData, remove: readonly string[]) => this.#changes.patchAll(made, set, remove),
    };
    return login(steps, token === null ? undefined : parseToken(token), userId, data, device);
  }

  async #replace(old: Token, before: Session, own: SessionData, device: DeviceInfo): Promise<CreatedSession> {
    const data = { ...before.data, ...own };
    this.#changes.encode(data);
    const created = await this.create(before.userId, own, device, old);
    return { ...created, session: { ...created.session, data } };
  }
}

function refusal(code: 'EXISTS' | 'LIMIT', limit: number): SessionError {
  return code === 'LIMIT'
    ? new SessionError('SESSION_LIMIT', `The user has ${limit} sessions already. End one of them first.`)
    : new SessionError('SESSION_EXISTS', 'Another session has this handle. Call create again.');
}
